//! The figures as plots.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::results::{Measured, Results, number};
use crate::wrk::Load;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const SIZE: (u32, u32) = (760, 420);
const FONT: (&str, i32) = ("sans-serif", 15);
const TITLE: (&str, i32) = ("sans-serif", 20);

/// One for each contender, in this order; told apart also by those who don't see all colours.
const COLOURS: [RGBColor; 6] = [
    RGBColor(213, 94, 0),
    RGBColor(120, 120, 120),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(86, 180, 233),
    RGBColor(204, 121, 167),
];

/// Writes the plots into `folder`.
pub(crate) fn write(folder: &Path, results: &Results) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    lines(
        folder,
        "requests-per-second.svg",
        "Requests per second, by connections",
        results,
        SeriesLabelPosition::LowerRight,
        |load| load.requests_per_second,
    )?;
    lines(
        folder,
        "latency-p99.svg",
        "99th percentile of the latency in ms, by connections",
        results,
        SeriesLabelPosition::UpperLeft,
        |load| load.p99 * 1e3,
    )?;
    bars(
        folder,
        "ready-after.svg",
        "From start to first answer, in ms",
        results,
        |measured| measured.ready_after() * 1e3,
    )?;
    bars(
        folder,
        "memory.svg",
        "Resident memory after the loads, in MB",
        results,
        |measured| number(measured.usage.resident) / 1e6,
    )
}

/// A line for each contender over the numbers of connections, the figures on a logarithmic scale.
fn lines(
    folder: &Path,
    file: &str,
    title: &str,
    results: &Results,
    legend: SeriesLabelPosition,
    figure: fn(&Load) -> f64,
) -> Result<()> {
    let places = results.connections.len();
    let values = results
        .measured
        .iter()
        .flat_map(|measured| (0..places).map(|place| measured.at(place, figure)));
    let range = decades(values)?;
    draw(&folder.join(file), |area| {
        let mut chart = ChartBuilder::on(area)
            .caption(title, TITLE)
            .margin(12)
            .x_label_area_size(30)
            .y_label_area_size(70)
            .build_cartesian_2d((0..places.max(1) - 1).into_segmented(), range.log_scale())?;
        let connections = |place: &SegmentValue<usize>| match place {
            SegmentValue::CenterOf(place) => results
                .connections
                .get(*place)
                .map(ToString::to_string)
                .unwrap_or_default(),
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .label_style(FONT)
            .x_labels(places)
            .y_label_formatter(&ToString::to_string)
            .x_label_formatter(&connections)
            .draw()?;
        for (measured, colour) in results.measured.iter().zip(COLOURS) {
            let points = (0..places)
                .map(|place| (SegmentValue::CenterOf(place), measured.at(place, figure)));
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(3))?
                .label(measured.contender.name)
                .legend(move |(x, y)| {
                    Rectangle::new([(x, y - 4), (x + 14, y + 4)], colour.filled())
                });
        }
        chart
            .configure_series_labels()
            .position(legend)
            .background_style(WHITE.mix(0.8))
            .label_font(FONT)
            .draw()?;
        Ok(())
    })
}

/// A bar for each contender, on a logarithmic scale, with its figure.
fn bars(
    folder: &Path,
    file: &str,
    title: &str,
    results: &Results,
    figure: fn(&Measured) -> f64,
) -> Result<()> {
    let range = decades(results.measured.iter().map(figure))?;
    let (start, last) = (range.start, results.measured.len().max(1) - 1);
    draw(&folder.join(file), |area| {
        let mut chart = ChartBuilder::on(area)
            .caption(title, TITLE)
            .margin(12)
            .x_label_area_size(30)
            .y_label_area_size(70)
            .build_cartesian_2d((0..last).into_segmented(), range.log_scale())?;
        let name = |place: &SegmentValue<usize>| match place {
            SegmentValue::CenterOf(place) => results
                .measured
                .get(*place)
                .map(|measured| measured.contender.name.to_owned())
                .unwrap_or_default(),
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .label_style(FONT)
            .x_labels(last + 1)
            .y_label_formatter(&ToString::to_string)
            .x_label_formatter(&name)
            .draw()?;
        for ((place, measured), colour) in results.measured.iter().enumerate().zip(COLOURS) {
            let value = figure(measured);
            let corners = [
                (SegmentValue::Exact(place), start),
                (SegmentValue::Exact(place + 1), value),
            ];
            let mut bar = Rectangle::new(corners, colour.filled());
            bar.set_margin(0, 0, 20, 20);
            chart.draw_series([bar])?;
            let above = FONT
                .into_text_style(area)
                .pos(Pos::new(HPos::Center, VPos::Bottom));
            let place = (SegmentValue::CenterOf(place), value);
            let label = Text::new(format!("{value:.1}"), place, above);
            chart.draw_series([label])?;
        }
        Ok(())
    })
}

/// Draws a plot into a file.
fn draw(
    file: &Path,
    plot: impl FnOnce(&Area<'_>) -> Result<(), DrawingAreaErrorKind<std::io::Error>>,
) -> Result<()> {
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    let drawn = area
        .fill(&WHITE)
        .and_then(|()| plot(&area))
        .and_then(|()| area.present());
    drawn.map_err(|error| anyhow!("cannot draw {}: {error}", file.display()))
}

/// The powers of ten between which all values lie.
fn decades(values: impl Iterator<Item = f64> + Clone) -> Result<Range<f64>> {
    let decade = |value: f64| 10_f64.powf(value);
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(0.0, f64::max);
    if !(least > 0.0 && least.is_finite() && most.is_finite()) {
        return Err(anyhow!(
            "there is nothing to draw: a figure is {least}, another {most}"
        ));
    }
    Ok(decade(least.log10().floor())..decade((most * 1.2).log10().ceil()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::contender::Contender;
    use crate::machine::Machine;
    use crate::process::Usage;

    #[test]
    fn a_scale_goes_from_power_of_ten_to_power_of_ten() {
        assert_eq!(
            decades([20.0, 3.0, 700.0].into_iter()).unwrap(),
            1.0..1000.0
        );
        assert_eq!(decades([0.5].into_iter()).unwrap(), 0.1..1.0);
        assert!(decades([0.0, 1.0].into_iter()).is_err());
        assert!(decades(std::iter::empty()).is_err());
    }

    #[test]
    fn every_plot_shows_every_contender() {
        let measured = ["handler", "floor"].map(|name| Measured {
            contender: Contender {
                name,
                platform: String::new(),
                program: "/bin/false".into(),
                arguments: Vec::new(),
                is_whole: true,
            },
            ready_after: vec![Duration::from_millis(4)],
            loads: vec![
                vec![Load {
                    requests_per_second: 5e4,
                    p50: 1e-3,
                    p99: 2e-3,
                    processor: 1e-5
                }];
                2
            ],
            usage: Usage {
                resident: 6_000_000,
                ..Usage::default()
            },
            size: None,
            instructions: None,
        });
        let machine = Machine {
            processor: String::new(),
            cores: 2,
            kernel: String::new(),
            date: String::new(),
            wrk: String::new(),
        };
        let results = Results {
            machine,
            connections: vec![1, 8],
            measured: measured.into(),
            absent: Vec::new(),
        };
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &results).unwrap();
        for file in [
            "requests-per-second.svg",
            "latency-p99.svg",
            "ready-after.svg",
            "memory.svg",
        ] {
            let svg = fs::read_to_string(folder.path().join(file)).unwrap();
            for name in ["handler", "floor"] {
                assert!(svg.contains(name), "{name} in {file}");
            }
        }
    }
}
