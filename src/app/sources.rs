//! The source manager: every open source with its state and its counts, and the form that opens another.

use std::net::SocketAddr;
use std::path::PathBuf;

use egui::{RichText, TextEdit, Ui};

use super::actions::Action;
use super::cx::Cx;
use super::format;
use super::marks;
use super::theme::{self, Theme};
use crate::capture::SourceSpec;
use crate::engine::{Command, NoticeLevel, SourceView};
use crate::simulate::SimulatorSpec;
use crate::types::{FrameFlags, SourceState};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Serial,
    Udp,
    Tcp,
    File,
    Interface,
    Simulator,
}

const KINDS: [(Kind, &str); 6] = [
    (Kind::Serial, "Serial port"),
    (Kind::Udp, "UDP"),
    (Kind::Tcp, "TCP"),
    (Kind::File, "File"),
    (Kind::Interface, "Network interface"),
    (Kind::Simulator, "Simulator"),
];

/// What has been typed into the form.
pub struct State {
    pub open: bool,
    kind: Kind,
    port: String,
    baud: u32,
    ports: Option<Vec<String>>,
    udp: String,
    tcp: String,
    path: String,
    follow: bool,
    interface: String,
    filter: String,
    simulator: SimulatorSpec,
}

impl Default for State {
    fn default() -> Self {
        Self {
            open: false,
            kind: Kind::default(),
            port: if cfg!(windows) { "COM3" } else { "/dev/ttyUSB0" }.to_owned(),
            baud: SourceSpec::DEFAULT_BAUD,
            ports: None,
            udp: format!("0.0.0.0:{}", SourceSpec::NEXMON_PORT),
            tcp: format!("192.168.1.1:{}", SourceSpec::NEXMON_PORT),
            path: String::new(),
            follow: false,
            interface: "wlan0".to_owned(),
            filter: format!("udp dst port {}", SourceSpec::NEXMON_PORT),
            simulator: SimulatorSpec::default(),
        }
    }
}

pub fn sources_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if cx.calm.sources.is_empty() {
        let needs = "Add a serial port, a socket, a file or the simulator";
        if marks::empty_ui(ui, "Where frames come from", needs, Some("Add source…")) {
            cx.act(Action::AddSource);
        }
        return;
    }
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("{} open", cx.calm.sources.len())).color(theme.quiet));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.add(marks::primary_button(theme, "Add source…")).clicked() {
                cx.act(Action::AddSource);
            }
        });
    });
    let calm = cx.calm;
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for source in &calm.sources {
            ui.separator();
            source_ui(ui, cx, source);
        }
    });
}

fn source_ui(ui: &mut Ui, cx: &mut Cx<'_>, source: &SourceView) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button("Close").on_hover_text("Stop this source and forget it").clicked() {
                cx.send(Command::Close(source.id));
            }
            let ended = matches!(source.state, SourceState::Failed(_) | SourceState::Ended);
            if ended && ui.button("Restart").on_hover_text("Try again").clicked() {
                cx.send(Command::Restart(source.id));
            }
            marks::provenance_ui(ui, source.provenance, true);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(egui::Label::new(RichText::new(&source.label).font(theme::strong_font())).truncate());
            });
        });
    });
    let (level, word, message) = state_words(&source.state);
    ui.horizontal_wrapped(|ui| {
        marks::level_ui(ui, level);
        ui.label(word);
        if let Some(message) = message {
            ui.add(egui::Label::new(message).selectable(true).wrap());
        }
        let figures = format!(
            "{} · {} frames · {}",
            format::rate(source.rate_hz),
            format::count(source.tally.n_frames),
            format::bytes(source.tally.n_bytes)
        );
        ui.label(RichText::new(figures).font(theme::number_font()).color(theme.quiet));
    });
    let counts = counts(source);
    if !counts.is_empty() {
        ui.label(RichText::new(counts.join(" · ")).color(theme.quiet).font(theme::caption_font()));
    }
}

fn state_words(state: &SourceState) -> (NoticeLevel, &'static str, Option<&str>) {
    match state {
        SourceState::Starting => (NoticeLevel::Info, "starting", None),
        SourceState::Running => (NoticeLevel::Info, "running", None),
        SourceState::Silent(why) => (NoticeLevel::Warning, "silent", Some(why)),
        SourceState::Reconnecting(why) => (NoticeLevel::Warning, "reconnecting", Some(why)),
        SourceState::Paused => (NoticeLevel::Info, "paused", None),
        SourceState::Ended => (NoticeLevel::Info, "ended", None),
        SourceState::Failed(why) => (NoticeLevel::Error, "failed", Some(why)),
    }
}

/// Everything that was dropped, skipped, odd or not CSI, by reason.
fn counts(source: &SourceView) -> Vec<String> {
    let mut counts = Vec::new();
    if source.n_dropped > 0 {
        counts.push(format!("{} dropped by the full inbox", format::count(source.n_dropped)));
    }
    for (reason, n) in &source.tally.skipped {
        counts.push(format!("{} skipped: {}", format::count(*n), reason.label()));
    }
    for (bits, n) in &source.tally.flagged {
        for label in FrameFlags(*bits).labels() {
            counts.push(format!("{} odd: {label}", format::count(*n)));
        }
    }
    for (kind, n) in &source.tally.others {
        counts.push(format!("{} {}", format::count(*n), kind.label()));
    }
    counts
}

/// The form; a window over everything.
pub fn add_ui(ctx: &egui::Context, state: &mut State, wishes: &mut Vec<super::cx::Wish>) {
    if !state.open {
        return;
    }
    let mut done = false;
    let modal = marks::modal(ctx, "add source").show(ctx, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(0.75 * theme::WINDOW_WIDTH);
        ui.heading("Add source");
        ui.horizontal_wrapped(|ui| {
            for (kind, name) in KINDS {
                ui.selectable_value(&mut state.kind, kind, name);
            }
        });
        ui.separator();
        form_ui(ui, state);
        ui.add_space(2.0 * theme::GRID);
        let spec = state.spec();
        if let Err(reason) = &spec {
            ui.label(RichText::new(*reason).color(theme.quiet));
        }
        ui.horizontal(|ui| {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let verb = if state.kind == Kind::File && !state.follow { "Open" } else { "Connect" };
                if ui.add_enabled(spec.is_ok(), marks::primary_button(theme, verb)).clicked()
                    && let Ok(spec) = spec
                {
                    wishes.push(match spec {
                        SourceSpec::File { path, follow: false } => super::cx::Wish::Open(vec![path]),
                        spec => super::cx::Wish::Send(Command::Connect(spec)),
                    });
                    done = true;
                }
                if ui.button("Cancel").clicked() {
                    done = true;
                }
            });
        });
    });
    if done || modal.should_close() {
        state.open = false;
        state.ports = None;
    }
}

fn field(ui: &mut Ui, name: &str, text: &mut String, hint: &str) {
    let label = ui.label(name);
    ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(theme::FORM_WIDTH)).labelled_by(label.id);
    ui.end_row();
}

fn form_ui(ui: &mut Ui, state: &mut State) {
    let theme = Theme::of(ui);
    let help = match state.kind {
        Kind::Serial => "An ESP32 that prints CSI lines",
        Kind::Udp => "Listens; Nexmon routers send to 5500, RuView nodes to 5005",
        Kind::Tcp => "Connects and reads a stream in any format",
        Kind::File => "Any recording, photo or scan; the kind is found by its content",
        Kind::Interface => "Live packets; needs a build with pcap-live and the right to capture",
        Kind::Simulator => "Computed data, marked SIMULATED everywhere",
    };
    ui.label(RichText::new(help).color(theme.quiet));
    egui::Grid::new("source form").num_columns(2).show(ui, |ui| match state.kind {
        Kind::Serial => {
            field(ui, "Port", &mut state.port, "/dev/ttyUSB0");
            let ports = state.ports.get_or_insert_with(serial_ports);
            ui.label("Found");
            ui.horizontal_wrapped(|ui| {
                if ports.is_empty() {
                    ui.label(RichText::new("no serial port — check the cable").color(theme.quiet));
                }
                for port in ports.iter() {
                    if ui.button(port).clicked() {
                        state.port.clone_from(port);
                    }
                }
            });
            ui.end_row();
            let label = ui.label("Baud");
            ui.add(egui::DragValue::new(&mut state.baud).range(9_600..=6_000_000)).labelled_by(label.id);
            ui.end_row();
        }
        Kind::Udp => field(ui, "Listen on", &mut state.udp, "0.0.0.0:5500"),
        Kind::Tcp => field(ui, "Host and port", &mut state.tcp, "host:port"),
        Kind::File => {
            field(ui, "Path", &mut state.path, "drop a file here or type its path");
            ui.label("");
            ui.checkbox(&mut state.follow, "Keep reading as the file grows");
            ui.end_row();
        }
        Kind::Interface => {
            field(ui, "Interface", &mut state.interface, "wlan0");
            field(ui, "Filter", &mut state.filter, "udp dst port 5500");
        }
        Kind::Simulator => {
            let spec = &mut state.simulator;
            for (name, drag) in [
                ("Links", egui::DragValue::new(&mut spec.n_links).range(1..=16)),
                ("Rate", egui::DragValue::new(&mut spec.rate_hz).range(1.0..=1000.0).suffix(" Hz")),
                ("Subcarriers", egui::DragValue::new(&mut spec.n_subcarriers).range(30..=512)),
                ("Antennas", egui::DragValue::new(&mut spec.n_rx).range(1..=3)),
                ("Loss", egui::DragValue::new(&mut spec.loss).range(0.0..=0.9).speed(0.01)),
                ("Seed", egui::DragValue::new(&mut spec.seed)),
            ] {
                let label = ui.label(name);
                ui.add(drag).labelled_by(label.id);
                ui.end_row();
            }
            ui.label("");
            ui.checkbox(&mut spec.occupied, "A person walks about");
            ui.end_row();
        }
    });
}

/// Ports that can be opened now. Reading the list takes about a millisecond and happens when the form opens.
fn serial_ports() -> Vec<String> {
    let mut names: Vec<_> =
        serialport::available_ports().unwrap_or_default().into_iter().map(|port| port.port_name).collect();
    names.sort();
    names
}

impl State {
    fn spec(&self) -> Result<SourceSpec, &'static str> {
        let filled = |text: &str, reason| if text.trim().is_empty() { Err(reason) } else { Ok(text.trim().to_owned()) };
        Ok(match self.kind {
            Kind::Serial => SourceSpec::Serial { port: filled(&self.port, "Choose a port")?, baud: self.baud },
            Kind::Udp => {
                let address: SocketAddr =
                    self.udp.trim().parse().map_err(|_| "Write an address and a port, such as 0.0.0.0:5500")?;
                SourceSpec::Udp { address }
            }
            Kind::Tcp => {
                let address = filled(&self.tcp, "Write a host and a port")?;
                let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
                if !has_port {
                    return Err("Write a host and a port, such as 192.168.1.1:5500");
                }
                SourceSpec::Tcp { address }
            }
            Kind::File => SourceSpec::File {
                path: PathBuf::from(filled(&self.path, "Write the path of a recording")?),
                follow: self.follow,
            },
            Kind::Interface => SourceSpec::Interface {
                name: filled(&self.interface, "Write the name of an interface")?,
                filter: self.filter.trim().to_owned(),
            },
            Kind::Simulator => SourceSpec::Simulator(self.simulator.clone()),
        })
    }
}
