//! Where allocations come from: the allocator that the standard library has for this target, which by itself would
//! leave unused what the memory begins with behind stack and data.
//!
//! That is some of the first 2 MiB, which a host gives in one huge page where it has them. Memory that grows costs a
//! new instance a page fault for every 4 KiB.

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32;
use std::cell::{Cell, UnsafeCell};
use std::ptr;

use dlmalloc::{Allocator, Dlmalloc};

const PAGE_BYTES: usize = 64 * 1024;
const ALIGNED_TO: usize = 16;

extern "C" {
    // The linker's: where the data ends, and what the memory begins with.
    static __heap_base: u8;
    static __heap_end: u8;
}

#[global_allocator]
static ALLOCATOR: Guest = Guest(UnsafeCell::new(Dlmalloc::new_with_allocator(Memory {
    began: Cell::new(false),
})));

/// The linear memory: first what it begins with, then what it grows by.
struct Memory {
    began: Cell<bool>,
}

// SAFETY: what is given out is memory that nobody else has: once all between the linker's two symbols, and then pages
// that were added for it. Both are zeros.
unsafe impl Allocator for Memory {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let start = ptr::addr_of!(__heap_base)
            .addr()
            .next_multiple_of(ALIGNED_TO);
        let rest = ptr::addr_of!(__heap_end).addr().saturating_sub(start) / ALIGNED_TO * ALIGNED_TO;
        if size <= rest && !self.began.replace(true) {
            return (start as *mut u8, rest, 0);
        }
        let pages = size.div_ceil(PAGE_BYTES);
        let before = wasm32::memory_grow::<0>(pages);
        if before == usize::MAX {
            return (ptr::null_mut(), 0, 0);
        }
        let (start, added) = (before * PAGE_BYTES, pages * PAGE_BYTES);
        // No object ends where addresses do.
        let end_of_addresses = start.wrapping_add(added) == 0;
        (
            start as *mut u8,
            added - if end_of_addresses { ALIGNED_TO } else { 0 },
            0,
        )
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE_BYTES
    }
}

struct Guest(UnsafeCell<Dlmalloc<Memory>>);

// SAFETY: a guest has one thread.
unsafe impl Sync for Guest {}

// SAFETY: as dlmalloc's own global allocator, whose methods these are. In every place that allocates, inlined, they made
// the component 3 % larger and slower.
unsafe impl GlobalAlloc for Guest {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        (*self.0.get()).malloc(layout.size(), layout.align())
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        (*self.0.get()).calloc(layout.size(), layout.align())
    }

    #[inline(never)]
    unsafe fn dealloc(&self, allocation: *mut u8, layout: Layout) {
        (*self.0.get()).free(allocation, layout.size(), layout.align());
    }

    #[inline(never)]
    unsafe fn realloc(&self, allocation: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        (*self.0.get()).realloc(allocation, layout.size(), layout.align(), size)
    }
}
