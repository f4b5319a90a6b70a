//! Memory that held pixels is overwritten when it is freed, also inside of libraries.
//!
//! What we own is wiped by `zeroize`. Decoders, filters and networks keep buffers of their own that nobody outside can
//! reach; [`Wiping`] wraps the program's allocator and clears every block that a thread frees, for as long as that thread
//! is inside of [`freed_memory`]. Without the wrapper (in a program that only uses the library), nothing changes.
//!
//! Only the thread that is inside is covered: work that it hands to others goes through [`freed_memory`] there too. Out of
//! reach is memory that does not come from the program's allocator: a native ONNX Runtime keeps inputs and intermediate
//! results in memory of its own, on a graphics card perhaps, and gives it back as it is. Those who mind take the built-in
//! engine (`CORPOREAL_ONNXRUNTIME=none`).

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{Ordering, compiler_fence};

thread_local! {
    /// How many calls of [`freed_memory`] this thread is in. A plain number: it may be read while a thread ends.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs `work` and clears the memory that this thread frees meanwhile.
pub fn freed_memory<T>(work: impl FnOnce() -> T) -> T {
    struct Inside;
    impl Drop for Inside {
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get() - 1);
        }
    }
    DEPTH.set(DEPTH.get() + 1);
    let _inside = Inside;
    work()
}

/// An allocator that clears blocks before it gives them to the one within; see the module.
pub struct Wiping<A>(pub A);

// SAFETY: every block comes from and goes back to the inner allocator with the layout it was asked for.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Wiping<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if DEPTH.get() > 0 {
            // SAFETY: the block is still the caller's, and `layout.size()` bytes long.
            unsafe { ptr::write_bytes(block, 0, layout.size()) };
            // The block is passed on below, but nothing says that its content is looked at.
            std::hint::black_box(block);
            compiler_fence(Ordering::SeqCst);
        }
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { self.0.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if DEPTH.get() == 0 {
            // SAFETY: the caller keeps the contract of `realloc`.
            return unsafe { self.0.realloc(block, layout, new_size) };
        }
        // The inner allocator would leave the old block as it is.
        // SAFETY: the caller promises that `new_size`, rounded up to the alignment, does not overflow.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: `new_size` is not zero by the contract of `realloc`; the blocks do not overlap.
        unsafe {
            let new_block = self.alloc(new_layout);
            if !new_block.is_null() {
                ptr::copy_nonoverlapping(block, new_block, layout.size().min(new_size));
                self.dealloc(block, layout);
            }
            new_block
        }
    }
}
