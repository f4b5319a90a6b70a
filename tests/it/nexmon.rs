//! Nexmon
use crate::golden::*;
#[test]
fn tmp() {
    for f in ["csikit/nexmon/example_4339.pcap","csikit/nexmon/example_4358.pcap","csikit/nexmon/example_4366c0.pcap","csikit/nexmon/example_43455c0.pcap","fition/raw/walking_user3_rm3/walking_user3_rm3_1.pcap"] {
        let (frames, tally) = decode_shared(f).unwrap();
        println!("{f} {tally:?} {:?} {} {} {}", frames[0].channel, frames[0].n_rx, frames[0].n_tx, frames.len());
    }
}
