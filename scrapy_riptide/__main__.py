"""``python -m scrapy_riptide`` is ``riptide``."""

import sys

from scrapy_riptide.cli import main

if __name__ == "__main__":
    sys.exit(main())
