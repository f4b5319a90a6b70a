//! Pixels stay in memory and are wiped there: no file is written, nothing is sent, no freed block keeps anything.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::process::{Command, Output};

use corporeal::export::sheet::{self, SheetRow};
use corporeal::inference::{EngineChoice, Models, NO_TELEMETRY_VARIABLE, Options, observe};
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
    /// Bytes of the largest block that was asked for.
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

/// Smaller blocks are lists and texts of our own.
const WATCHED_BYTES: usize = 1024;

// SAFETY: everything goes to and comes from the system's allocator as it is.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.set(LARGEST.get().max(layout.size()));
        // SAFETY: as for the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LARGEST.set(LARGEST.get().max(layout.size()));
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

/// Bytes of the largest block that `work` asks for.
pub fn largest_block(work: impl FnOnce()) -> usize {
    LARGEST.set(0);
    work();
    LARGEST.get()
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

#[test]
fn networks_leave_nothing_of_a_photo_in_freed_memory_on_any_thread() {
    let Some(photo) = crate::inference::photo("coco_000000000785.jpg") else { return };
    let folders = Some(vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("models")]);
    // A native ONNX Runtime does not take its memory from the program's allocator.
    let models = Models::with(&Options { folders, engine: EngineChoice::BuiltIn, ..Options::default() }).expect("open");
    // Threads that nobody else's work runs on.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
    pool.broadcast(|_| UNCLEAN.set(Some(0)));
    let seen = pool.install(|| observe(&models, &photo, &mut |_, _| true)).expect("runs").expect("not cancelled");
    let n_unclean = pool.broadcast(|_| UNCLEAN.take().expect("set above"));
    assert_eq!(seen.people.len(), 1);
    assert_eq!(n_unclean, [0, 0]);
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

/// Runs a program and lists what it asked of the system: files, sockets, other programs. `None` with a printed reason
/// where that cannot be watched.
fn watched(program: &Path, prepare: impl FnOnce(&mut Command)) -> Option<(Output, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("calls.txt");
    let calls = "trace=open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,\
                 mknod,mknodat,truncate,memfd_create,socket,connect,execve";
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-s", "4096", "-e", calls, "-o"]).arg(&log).arg(program);
    prepare(&mut command);
    let output = match command.output() {
        Err(error) => {
            println!("SKIPPED: needs strace ({error})");
            return None;
        }
        Ok(output) => output,
    };
    if !output.status.success() && String::from_utf8_lossy(&output.stderr).contains("ptrace") {
        println!("SKIPPED: strace may not watch processes here");
        return None;
    }
    Some((output, std::fs::read_to_string(&log).expect("strace's log")))
}

/// Reads anything, writes only what is asked for, opens no socket and starts no other program.
#[track_caller]
fn check_calls(log: &str, was_read: &str, asked_for: &[&str]) {
    assert!(log.contains(was_read), "the log misses what was read");
    let reads_only = |call: &str| {
        let opens = call.contains("open(") || call.contains("openat(");
        opens && !["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"].iter().any(|flag| call.contains(flag))
    };
    let starts = |call: &str| call.contains("execve(");
    let (allowed, wrong): (Vec<_>, Vec<_>) = log
        .lines()
        .filter(|call| call.contains('(') && !call.contains(" resumed>")) // its first part says what it opens
        .filter(|call| !reads_only(call) && !starts(call) && !call.contains("/dev/null"))
        .partition(|call| asked_for.iter().any(|name| call.contains(name)));
    assert!(wrong.is_empty(), "{wrong:#?}");
    for name in asked_for {
        assert!(allowed.iter().any(|call| call.contains(name)), "the log misses that {name} was written");
    }
    assert_eq!(log.lines().filter(|call| starts(call)).count(), 1, "another program was started");
}

#[test]
fn only_the_file_that_was_asked_for_is_written_and_no_socket_is_opened() {
    let folder = pillow_folder().unwrap_or_else(|| tempfile::tempdir().expect("a folder"));
    let picture = quadrants(256, [[200, 60, 40], [30, 140, 90], [20, 60, 190], [230, 215, 190]]);
    std::fs::write(folder.path().join("more.jpg"), encode_jpeg(&picture, None, None)).expect("written");
    let own = std::env::current_exe().expect("this program");
    let ran = watched(&own, |command| {
        command.args(["photo::private::child_that_loads_photos", "--exact", "--nocapture", "--test-threads=1"]);
        command.env(CHILD, folder.path());
    });
    let Some((output, log)) = ran else { return };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("loaded ") && !said.contains("loaded 0"), "{said}");
    check_calls(&log, "more.jpg", &[ASKED_FOR]);
}

/// The whole way from a photo to a body and its figures, on one engine.
#[track_caller]
fn check_a_whole_fit(engine: &str) {
    let Some(photo) = crate::inference::shared("photos/coco_000000000785.jpg") else { return };
    let private = tempfile::Builder::new().prefix("family-album").tempdir().expect("a folder");
    let given = private.path().join("aunt-on-skis.jpg");
    std::fs::copy(photo, &given).expect("copied");
    let folder = tempfile::tempdir().expect("a folder");
    let ran = watched(Path::new(env!("CARGO_BIN_EXE_corporeal")), |command| {
        command.arg("fit").arg(&given).args(["--height", "1.75", "-o", "body.glb", "--csv", "body.csv", "--json"]);
        command.current_dir(folder.path()).env("CORPOREAL_LOG", "trace");
        // ONNX Runtime keeps quiet about its user with any of these set; the program has to see to that by itself.
        for variable in [NO_TELEMETRY_VARIABLE, "CI", "GITHUB_ACTIONS", "TF_BUILD"] {
            command.env_remove(variable);
        }
        if !engine.is_empty() {
            command.env("CORPOREAL_ONNXRUNTIME", engine);
        }
    });
    let Some((output, log)) = ran else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // The built-in engine is the one that has much to say.
    assert!(engine.is_empty() || said.contains("TRACE"), "nothing is logged: {said}");
    check_calls(&log, "aunt-on-skis.jpg", &["body.glb", "body.csv"]);
    let mut written: Vec<_> =
        std::fs::read_dir(folder.path()).expect("readable").map(|file| file.expect("an entry").file_name()).collect();
    written.sort();
    assert_eq!(written, ["body.csv", "body.glb"]);
    assert_eq!(std::fs::read_dir(private.path()).expect("readable").count(), 1, "nothing is left beside the photo");
    // What goes to the terminal for the user: what was written. The answer on standard output names the photo, once.
    assert!(!said.contains("aunt-on-skis") && !said.contains("family-album"), "{said}");
    let answer = String::from_utf8_lossy(&output.stdout);
    assert_eq!(answer.matches("aunt-on-skis").count(), 1, "{answer}");
    for text in [answer, String::from_utf8_lossy(&std::fs::read(folder.path().join("body.csv")).expect("readable"))] {
        assert!(!text.contains("family-album"), "{text}");
    }
    let body = std::fs::read(folder.path().join("body.glb")).expect("readable");
    assert!(!body.windows(12).any(|bytes| bytes == b"aunt-on-skis" || bytes == b"family-album"));
}

#[test]
fn a_whole_fit_writes_what_was_asked_for_and_logs_no_path_at_any_level() {
    check_a_whole_fit("");
}

#[test]
fn a_whole_fit_on_the_built_in_engine_is_as_private() {
    check_a_whole_fit("none");
}
