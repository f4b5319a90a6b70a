//! Containers of packets: every variant of pcap and pcapng, and what damage does to them.
