//! Amplitude and phase waterfalls and the Doppler spectrogram: one strip a link, one time axis under them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use egui::emath::GuiRounding as _;
use egui::{Align2, Rect, Sense, Ui, vec2};

use super::bins;
use super::cx::{Cx, HeatKind, Scope};
use super::format;
use super::heat::{Place, Table};
use super::marks;
use super::theme::{self, Theme};
use super::time::{self, TimeView};
use crate::engine::LinkView;
use crate::types::{Complex32, Span};

pub fn waterfall_ui(ui: &mut Ui, cx: &mut Cx<'_>, kind: HeatKind) {
    let Some(window) = cx.state.time.window(cx.shown) else {
        let (title, needs) = match kind {
            HeatKind::Amplitude => {
                ("Amplitude over time, by subcarrier", "Needs data: connect a node or open a recording")
            }
            HeatKind::Phase => ("Phase over time, by subcarrier", "Needs data: connect a node or open a recording"),
            HeatKind::Doppler => ("Movement speed over time", "Needs data: connect a node or open a recording"),
        };
        marks::empty_ui(ui, title, needs, None);
        return;
    };
    tools_ui(ui, cx, kind);
    let shown = cx.shown;
    let links: Vec<&LinkView> = if *all_links(cx, kind) {
        shown.links.iter().collect()
    } else {
        cx.state.selection.link(shown).into_iter().collect()
    };
    let theme = Theme::of(ui);
    let origin = time::origin(shown);
    let area = marks::rest(ui);
    let axis =
        Rect::from_min_max(egui::pos2(area.left() + theme::AXIS_WIDTH, area.bottom() - theme::AXIS_HEIGHT), area.max);
    let strips = Rect::from_min_max(area.min, egui::pos2(area.right(), axis.top()));
    // A single strip takes what there is; several scroll before they become too low.
    let least = if links.len() == 1 { 0.0 } else { theme::MIN_STRIP };
    let height = (strips.height() / links.len().max(1) as f32).max(least);

    ui.scope_builder(egui::UiBuilder::new().max_rect(strips), |ui| {
        egui::ScrollArea::vertical()
            .id_salt(kind_name(kind))
            .auto_shrink(false)
            .min_scrolled_height(0.0)
            .show_viewport(ui, |ui, visible| {
                ui.set_height(height * links.len() as f32);
                let top = ui.min_rect().top();
                for (n, link) in links.iter().enumerate() {
                    let y = n as f32 * height;
                    if y > visible.bottom() || y + height < visible.top() {
                        continue;
                    }
                    let rect =
                        Rect::from_min_size(egui::pos2(strips.left(), top + y), vec2(strips.width(), height - 1.0));
                    strip_ui(ui, cx, link, kind, rect, window, theme);
                }
            });
    });
    TimeView::axis_ui(ui.painter(), theme, axis, window, origin);
}

fn kind_name(kind: HeatKind) -> &'static str {
    match kind {
        HeatKind::Amplitude => "Amplitude",
        HeatKind::Phase => "Phase",
        HeatKind::Doppler => "Doppler",
    }
}

fn tools_ui(ui: &mut Ui, cx: &mut Cx<'_>, kind: HeatKind) {
    ui.horizontal(|ui| {
        links_choice_ui(ui, all_links(cx, kind));
        if kind != HeatKind::Doppler {
            data_choice_ui(ui, cx);
            chain_choice_ui(ui, cx);
        }
        span_choice_ui(ui, cx);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| legend_ui(ui, cx, kind));
    });
}

/// Whether strips of all links are shown; spectrograms need more room and have their own choice.
fn all_links<'a>(cx: &'a mut Cx<'_>, kind: HeatKind) -> &'a mut bool {
    let scope = &mut cx.state.scope;
    if kind == HeatKind::Doppler { &mut scope.all_links_doppler } else { &mut scope.all_links }
}

fn links_choice_ui(ui: &mut Ui, all: &mut bool) {
    let word = if *all { "All links" } else { "Selected link" };
    if ui.button(word).on_hover_text("Show all links or only the selected one").clicked() {
        *all = !*all;
    }
}

pub fn data_choice_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let scope = &mut cx.state.scope;
    let word = if scope.clean { "Clean" } else { "Raw" };
    let tip = "Clean values have gain and phase slope taken out; raw values are as the radio reported them";
    if ui.button(word).on_hover_text(tip).clicked() {
        scope.clean = !scope.clean;
    }
}

pub fn chain_choice_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(link) = cx.link() else { return };
    let n = link.products.n_rx * link.products.n_tx;
    if n < 2 {
        return;
    }
    let labels: Vec<_> = (0..n).map(|chain| bins::chain_label(&link.products, chain)).collect();
    let chain = &mut cx.state.scope.chain;
    *chain = (*chain).min(n - 1);
    egui::ComboBox::from_id_salt("chain")
        .width(theme::ROW)
        .selected_text(labels[*chain].as_str())
        .show_ui(ui, |ui| {
            for (n, label) in labels.iter().enumerate() {
                ui.selectable_value(chain, n, label);
            }
        })
        .response
        .accessible_name("Antenna pair");
}

pub fn span_choice_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let time = &mut cx.state.time;
    let text = |secs: f64| if secs < 60.0 { format!("{secs:.0} s") } else { format!("{:.0} min", secs / 60.0) };
    egui::ComboBox::from_id_salt("span")
        .width(theme::ROW)
        .selected_text(text(time.span_secs))
        .show_ui(ui, |ui| {
            for secs in time::SPANS_SECS {
                ui.selectable_value(&mut time.span_secs, secs, text(secs));
            }
        })
        .response
        .accessible_name("Time shown");
}

/// The colour scale with the values at its ends, of the selected link.
fn legend_ui(ui: &mut Ui, cx: &Cx<'_>, kind: HeatKind) {
    let Some(link) = cx.link() else { return };
    let Some(mode) = cx.state.heat.mode(link.stream, kind) else { return };
    let theme = Theme::of(ui);
    let (low, high, colormap) = mode.scale();
    let word = |value: f32| format!("{} dB", format::value(value));
    let (low, high) =
        if kind == HeatKind::Phase { ("−π".to_owned(), "π".to_owned()) } else { (word(low), word(high)) };
    if ui.available_width() < 200.0 {
        return;
    }
    ui.label(egui::RichText::new(high).font(theme::number_font()).color(theme.quiet));
    let (rect, response) = ui.allocate_exact_size(vec2(15.0 * theme::GRID, theme::MARK), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, "Colour scale"));
    let n = 24;
    for i in 0..n {
        let x = rect.left() + rect.width() * i as f32 / n as f32;
        let part = Rect::from_min_size(egui::pos2(x, rect.top()), vec2(rect.width() / n as f32 + 0.5, rect.height()));
        let [r, g, b, _] = colormap.color((i as f32 + 0.5) / n as f32);
        ui.painter().rect_filled(part, 0.0, egui::Color32::from_rgb(r, g, b));
    }
    ui.label(egui::RichText::new(low).font(theme::number_font()).color(theme.quiet));
    if kind == HeatKind::Amplitude && cx.shown.links.len() > 1 {
        response.on_hover_text("Each link has its own scale; this is the selected link's");
    }
}

fn strip_ui(ui: &mut Ui, cx: &mut Cx<'_>, link: &LinkView, kind: HeatKind, rect: Rect, window: Span, theme: &Theme) {
    let plot = Rect::from_min_max(egui::pos2(rect.left() + theme::AXIS_WIDTH, rect.top()), rect.max);
    // The picture has whole pixels: elsewhere the screen would show some of them twice or not at all.
    let plot = plot.round_to_pixels(ui.pixels_per_point());
    let response = ui.interact(plot, ui.scope_id().with((link.stream, kind)), Sense::click_and_drag());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Image, true, format!("{} of {}", kind_name(kind), link.name))
    });
    if response.clicked() {
        cx.state.selection.select_link(link.stream);
    }
    let painter = ui.painter_at(rect);
    painter.rect_filled(plot, 0.0, theme.no_data());
    match cx.gpu {
        Some(gpu) => {
            marks::hatch(&painter, plot, theme.line);
            let side = |points: f32| (points * ui.pixels_per_point()).round().max(1.0) as u32;
            let size_px = [side(plot.width()), side(plot.height())];
            let place = Place { stream: link.stream, kind, window, size_px };
            if let Some(texture) = picture(gpu, cx, link, place) {
                let uv = Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(1.0, 1.0));
                painter.image(texture, plot, uv, egui::Color32::WHITE);
            }
        }
        None => marks::no_adapter(&painter, theme, plot),
    }

    let (low, high) = edges(link, kind, &cx.state.scope);
    for (text, at, align) in
        [(high, plot.left_top(), Align2::RIGHT_TOP), (low, plot.left_bottom(), Align2::RIGHT_BOTTOM)]
    {
        painter.text(at - vec2(theme::GRID, 0.0), align, text, theme::number_font(), theme.quiet);
    }
    if kind == HeatKind::Doppler && plot.height() > 3.0 * theme::CAPTION {
        painter.hline(
            plot.x_range(),
            plot.center().y,
            egui::Stroke::new(theme::HAIRLINE, theme.quiet.gamma_multiply(0.4)),
        );
    }
    name_ui(
        &painter,
        theme,
        plot,
        &link.name,
        cx.state.selection.link(cx.shown).map(|l| l.stream) == Some(link.stream),
    );
    cx.state.time.interact(&response, plot, window);
    cx.state.time.cursor_ui(&painter, theme, plot, window);
    if let Some(pos) = response.hover_pos().filter(|_| !response.dragged()) {
        let text = readout(cx, link, kind, plot, window, pos);
        marks::readout(ui, plot, pos, text);
    }
}

/// Time, bin and value under the pointer.
fn readout(cx: &Cx<'_>, link: &LinkView, kind: HeatKind, plot: Rect, window: Span, pos: egui::Pos2) -> String {
    let t = window.start.plus_secs(f64::from((pos.x - plot.left()) / plot.width().max(1.0)) * window.secs());
    let up = ((plot.bottom() - pos.y) / plot.height().max(1.0)).clamp(0.0, 0.999);
    let at = |n: usize| (up * n as f32) as usize;
    let time = format::position(t.secs_since(time::origin(cx.shown)));
    let products = &link.products;
    if kind == HeatKind::Doppler {
        let row = cx.state.heat.row_at(link.stream, kind, &products.doppler, t);
        let hz = products.doppler_hz.get(at(products.doppler_hz.len()));
        let db = row.and_then(|row| row.values.get(at(row.values.len())).copied());
        let of = |v: Option<f32>, unit: &str| {
            v.map_or(format::NO_DATA.to_owned(), |v| format!("{} {unit}", format::value(v)))
        };
        return format!("{time}\n{}\n{}", of(hz.copied(), "Hz"), of(db, "dB"));
    }
    let bins = bins::bins(products, &cx.state.scope);
    let bin = at(bins.places.len());
    let row = cx.state.heat.row_at(link.stream, kind, bins.rows, t);
    let value = row.and_then(|row| row.values.get(*bins.places.get(bin)?).copied());
    let subcarrier = bins.subcarriers.get(bin).map_or(String::new(), |k| k.to_string().replace('-', "−"));
    match value {
        Some(v) if v == Complex32::ZERO => format!("{time}\nsubcarrier {subcarrier}\nsilent"),
        Some(v) => {
            let (db, angle) = (format::value(amplitude_db(v)), format::value(v.arg()));
            format!("{time}\nsubcarrier {subcarrier}\n{db} dB  {angle} rad")
        }
        None => format!("{time}\nsubcarrier {subcarrier}\n{}", format::NO_DATA),
    }
}

/// The link's name on its strip, marked when selected.
fn name_ui(painter: &egui::Painter, theme: &Theme, plot: Rect, name: &str, selected: bool) {
    let colour = if selected { theme.text } else { theme.quiet };
    let galley = painter.layout_no_wrap(name.to_owned(), theme::caption_font(), colour);
    let at = plot.left_top() + vec2(theme::GRID, 0.5 * theme::GRID);
    let ground = Rect::from_min_size(at, galley.size()).expand2(vec2(theme::GRID, 0.0));
    painter.rect_filled(ground, theme::RADIUS, theme.panel.gamma_multiply(0.85));
    painter.galley(at, galley, colour);
    if selected {
        let bar = Rect::from_min_size(plot.left_top(), vec2(0.5 * theme::GRID, plot.height()));
        painter.rect_filled(bar, 0.0, theme.accent);
    }
}

/// Brings one picture up to date; `None` where there is nothing to show yet.
fn picture(gpu: &egui_wgpu::RenderState, cx: &mut Cx<'_>, link: &LinkView, place: Place) -> Option<egui::TextureId> {
    let products = &link.products;
    let mut hasher = DefaultHasher::new();
    (cx.shown.run, link.stream, products.generation).hash(&mut hasher);
    if place.kind == HeatKind::Doppler {
        // Spectrograms begin again with other frequencies where the packet rate has changed.
        let ends = [products.doppler_hz.first(), products.doppler_hz.last()];
        ends.map(|hz| hz.map(|hz| hz.to_bits())).hash(&mut hasher);
        let columns: Vec<usize> = (0..products.doppler.width()).collect();
        let table = Table { rows: &products.doppler, columns: &columns, generation: hasher.finish(), level: |db| db };
        return cx.state.heat.spectrum(gpu, place, &table);
    }
    let bins = bins::bins(products, &cx.state.scope);
    (bins.clean, bins.chain).hash(&mut hasher);
    let table = Table { rows: bins.rows, columns: &bins.places, generation: hasher.finish(), level: amplitude_db };
    cx.state.heat.channel(gpu, place, &table)
}

fn amplitude_db(value: Complex32) -> f32 {
    20.0 * value.norm().log10()
}

/// The labels of a strip's lower and upper edge.
fn edges(link: &LinkView, kind: HeatKind, scope: &Scope) -> (String, String) {
    let products = &link.products;
    if kind == HeatKind::Doppler {
        let hz = |v: Option<&f32>| v.map_or(String::new(), |v| format!("{} Hz", v.round()).replace('-', "−"));
        return (hz(products.doppler_hz.first()), hz(products.doppler_hz.last()));
    }
    let bins = bins::bins(products, scope);
    let label = |v: Option<&i16>| v.map_or(String::new(), |v| v.to_string().replace('-', "−"));
    (label(bins.subcarriers.first()), label(bins.subcarriers.last()))
}
