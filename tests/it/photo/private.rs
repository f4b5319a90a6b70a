//! Pixels stay in memory and are wiped there: no file is written, nothing is sent, no freed block keeps anything.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::process::Command;

use corporeal::export::sheet::{self, SheetRow};
use corporeal::photo::{self, Limits};
use corporeal::types::wipe::Wiping;

use super::files::{encode_jpeg, encode_png, pillow_folder, quadrants};

/// The program's arrangement, with a look at what comes back to the allocator.
#[global_allocator]
static ALLOCATOR: Wiping<Watching> = Wiping(Watching);

struct Watching;

thread_local! {
    /// Blocks that were freed with something in them; `None` while nobody watches.
    static UNCLEAN: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Smaller blocks are lists and texts of our own.
const WATCHED_BYTES: usize = 1024;

// SAFETY: everything goes to and comes from the system's allocator as it is.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as for the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as for the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as for the caller.
        unsafe { System.realloc(block, layout, new_size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(n) = UNCLEAN.get()
            && layout.size() >= WATCHED_BYTES
        {
            // SAFETY: the block is still ours. Volatile, because it may never have been written to.
            let is_clean = (0..layout.size()).all(|at| unsafe { block.add(at).read_volatile() } == 0);
            UNCLEAN.set(Some(n + usize::from(!is_clean)));
        }
        // SAFETY: as for the caller.
        unsafe { System.dealloc(block, layout) }
    }
}

/// How many blocks `work` freed that were not all zero.
pub fn unclean_blocks(work: impl FnOnce()) -> usize {
    UNCLEAN.set(Some(0));
    work();
    UNCLEAN.take().expect("set above")
}

#[test]
fn no_freed_memory_keeps_pixels_or_bytes_of_the_file() {
    let picture = quadrants(256, [[200, 60, 40], [30, 140, 90], [20, 60, 190], [230, 215, 190]]);
    assert!(unclean_blocks(|| drop(picture.clone())) > 0, "the test sees nothing");
    let folder = pillow_folder().unwrap_or_else(|| tempfile::tempdir().expect("a folder"));
    let jpeg = encode_jpeg(&picture, None, None);
    std::fs::write(folder.path().join("more.jpg"), &jpeg).expect("written");
    std::fs::write(folder.path().join("cut.jpg"), &jpeg[..jpeg.len() / 3]).expect("written");
    let png = encode_png(&image::DynamicImage::ImageRgb8(picture).to_rgba16().into(), None, None);
    std::fs::write(folder.path().join("more.png"), &png).expect("written");
    std::fs::write(folder.path().join("cut.png"), &png[..png.len() - 40]).expect("written");
    let mut n_files = 0;
    for path in photo::photos_in_folder(folder.path()).expect("readable") {
        let scaled = Limits { long_side_px: 40, ..Limits::default() };
        for limits in [Limits::default(), scaled] {
            let n = unclean_blocks(|| drop(photo::load_file(&path, &limits)));
            assert_eq!(n, 0, "{:?}", path.file_name());
        }
        n_files += 1;
    }
    assert!(n_files >= 4);
}

/// Set for the process that is watched.
const CHILD: &str = "CORPOREAL_TEST_PHOTOS";

/// The one file that the watched process is asked for.
const ASKED_FOR: &str = "asked_for.png";

/// Not a check of its own: what the watched process does.
#[test]
fn child_that_loads_photos() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let folder = Path::new(&folder);
    let photos = photo::photos_in_folder(folder).expect("readable");
    let loaded: Vec<_> = photos.iter().filter_map(|path| photo::load_file(path, &Limits::default()).ok()).collect();
    println!("loaded {}", loaded.len());
    let row = |loaded: &'static photo::Loaded| SheetRow {
        photo: &loaded.photo,
        title: "",
        person: None,
        mesh: None,
        table: Vec::new(),
        warnings: Vec::new(),
    };
    let rows: Vec<_> = loaded.leak().iter().map(row).collect();
    sheet::write(&folder.join(ASKED_FOR), &rows).expect("a sheet");
}

#[test]
fn only_the_file_that_was_asked_for_is_written_and_no_socket_is_opened() {
    let folder = pillow_folder().unwrap_or_else(|| tempfile::tempdir().expect("a folder"));
    let picture = quadrants(256, [[200, 60, 40], [30, 140, 90], [20, 60, 190], [230, 215, 190]]);
    std::fs::write(folder.path().join("more.jpg"), encode_jpeg(&picture, None, None)).expect("written");
    let log = folder.path().join("calls.txt");
    let calls = "trace=open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,\
                 mknod,mknodat,truncate,memfd_create,socket,connect,execve";
    let ran = Command::new("strace")
        .args(["-f", "-qq", "-e", calls, "-o"])
        .arg(&log)
        .arg(std::env::current_exe().expect("this program"))
        .args(["photo::private::child_that_loads_photos", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, folder.path())
        .output();
    let output = match ran {
        Err(error) => return println!("SKIPPED: needs strace ({error})"),
        Ok(output) => output,
    };
    if !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("ptrace") {
        return println!("SKIPPED: strace may not watch processes here");
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("loaded ") && !said.contains("loaded 0"), "{said}");
    let log = std::fs::read_to_string(&log).expect("strace's log");
    assert!(log.contains("more.jpg"), "the log misses what was read");
    let reads_only = |call: &str| {
        let opens = call.contains("open(") || call.contains("openat(");
        opens && !["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"].iter().any(|flag| call.contains(flag))
    };
    let starts = |call: &str| call.contains("execve(");
    let (asked_for, wrong): (Vec<_>, Vec<_>) = log
        .lines()
        .filter(|call| call.contains('('))
        .filter(|call| !reads_only(call) && !starts(call) && !call.contains("/dev/null"))
        .partition(|call| call.contains(ASKED_FOR));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(!asked_for.is_empty(), "the log misses what was written");
    assert_eq!(log.lines().filter(|call| starts(call)).count(), 1, "another program was started");
}
