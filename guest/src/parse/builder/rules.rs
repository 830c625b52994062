//! The standard's sets of elements.

use crate::parse::tags::{tag_set, TagSet};

/// Elements that stop the walk of a stray end tag, and the blocks that misnested formatting is repaired around.
pub(super) const SPECIAL: TagSet = tag_set![
    ADDRESS APPLET AREA ARTICLE ASIDE BASE BASEFONT BGSOUND BLOCKQUOTE BODY BR BUTTON CAPTION
    CENTER COL COLGROUP DD DETAILS DIR DIV DL DT EMBED FIELDSET FIGCAPTION FIGURE FOOTER FORM
    FRAME FRAMESET H1 H2 H3 H4 H5 H6 HEAD HEADER HGROUP HR HTML IFRAME IMG INPUT KEYGEN LI LINK
    LISTING MAIN MARQUEE MENU META NAV NOEMBED NOFRAMES NOSCRIPT OBJECT OL P PARAM PLAINTEXT PRE
    SCRIPT SEARCH SECTION SELECT SOURCE STYLE SUMMARY TABLE TBODY TD TEMPLATE TEXTAREA TFOOT TH
    THEAD TITLE TR TRACK UL WBR XMP
];

/// Elements that are reopened where a block closed them.
pub(super) const FORMATTING: TagSet =
    tag_set![A B BIG CODE EM FONT I NOBR S SMALL STRIKE STRONG TT U];

/// End tags that may be left out.
pub(super) const IMPLIED_END: TagSet = tag_set![DD DT LI OPTION OPTGROUP P RB RP RT RTC];

/// End tags that are implied at the end of a `template`.
pub(super) const IMPLIED_END_THOROUGH: TagSet =
    IMPLIED_END.union(tag_set![CAPTION COLGROUP TBODY TD TFOOT TH THEAD TR]);

/// What bounds "in scope".
pub(super) const SCOPE: TagSet =
    tag_set![APPLET CAPTION HTML TABLE TD TH MARQUEE OBJECT SELECT TEMPLATE];
/// What bounds "in list item scope" besides.
pub(super) const LIST_SCOPE: TagSet = tag_set![OL UL];
/// What bounds "in button scope" besides.
pub(super) const BUTTON_SCOPE: TagSet = tag_set![BUTTON];
/// What bounds "in table scope", and where "clear the stack back to a table context" stops.
pub(super) const TABLE_SCOPE: TagSet = tag_set![HTML TABLE TEMPLATE];

/// Where "clear the stack back to a table body context" stops.
pub(super) const TABLE_BODY_CONTEXT: TagSet = tag_set![TBODY TFOOT THEAD TEMPLATE HTML];
/// Where "clear the stack back to a table row context" stops.
pub(super) const TABLE_ROW_CONTEXT: TagSet = tag_set![TR TEMPLATE HTML];
/// Elements whose misplaced content goes before the table.
pub(super) const FOSTERING: TagSet = tag_set![TABLE TBODY TFOOT THEAD TR];
/// The sections of a table.
pub(super) const SECTIONS: TagSet = tag_set![TBODY TFOOT THEAD];
/// The cells of a table.
pub(super) const CELLS: TagSet = tag_set![TD TH];
/// `h1` to `h6`.
pub(super) const HEADINGS: TagSet = tag_set![H1 H2 H3 H4 H5 H6];

/// Elements that the insertion mode or the list of formatting elements hangs on: never made room of.
pub(super) const STRUCTURE: TagSet = SCOPE
    .union(TABLE_BODY_CONTEXT)
    .union(TABLE_ROW_CONTEXT)
    .union(tag_set![HEAD BODY FRAMESET COLGROUP]);

/// HTML elements that end svg and math.
pub(super) const BREAKOUT: TagSet = tag_set![
    B BIG BLOCKQUOTE BODY BR CENTER CODE DD DIV DL DT EM EMBED H1 H2 H3 H4 H5 H6 HEAD HR I IMG
    LI LISTING MENU META NOBR OL P PRE RUBY S SMALL SPAN STRONG STRIKE SUB SUP TABLE TT U UL VAR
];

/// MathML elements whose text is HTML again.
pub(super) const MATHML_TEXT: TagSet = tag_set![MI MO MN MS MTEXT];
/// SVG elements whose content is HTML again.
pub(super) const SVG_HTML: TagSet = tag_set![FOREIGN_OBJECT DESC TITLE];
