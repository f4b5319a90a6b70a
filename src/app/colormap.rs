//! Perceptually uniform, colour-blind-safe maps from a value in 0..=1 to a colour, as tables of 256.
//!
//! viridis and magma: S. van der Walt and N. Smith (CC0); twilight: B. Bechtold (CC0). Each is sampled at 33 points
//! as matplotlib 3.11 gives them and interpolated linearly.

use egui::Color32;

pub type Lut = [Color32; 256];

const N: usize = 33;

const fn lut(points: &[[u8; 3]; N]) -> Lut {
    let mut table = [Color32::BLACK; 256];
    let mut i = 0;
    while i < 256 {
        let scaled = i * (N - 1) * 256 / 255;
        let k = scaled / 256;
        let (k, f) = if k >= N - 1 { (N - 2, 256) } else { (k, scaled % 256) };
        let mut c = [0_u8; 3];
        let mut j = 0;
        while j < 3 {
            c[j] = ((points[k][j] as usize * (256 - f) + points[k + 1][j] as usize * f) / 256) as u8;
            j += 1;
        }
        table[i] = Color32::from_rgb(c[0], c[1], c[2]);
        i += 1;
    }
    table
}

/// Amplitude.
pub static AMPLITUDE: Lut = lut(&VIRIDIS);
/// Doppler and occupancy.
pub static POWER: Lut = lut(&MAGMA);
/// Phase: both ends have the same colour.
pub static PHASE: Lut = lut(&TWILIGHT);

/// The colour of a value in 0..=1; values outside take the nearest end.
pub fn colour(lut: &Lut, value: f32) -> Color32 {
    lut[(value * 255.0 + 0.5) as u8 as usize]
}

const VIRIDIS: [[u8; 3]; N] = [
    [68, 1, 84],
    [71, 13, 96],
    [72, 24, 106],
    [72, 35, 116],
    [71, 45, 123],
    [69, 55, 129],
    [66, 64, 134],
    [62, 73, 137],
    [59, 82, 139],
    [55, 91, 141],
    [51, 99, 141],
    [47, 107, 142],
    [44, 114, 142],
    [41, 122, 142],
    [38, 130, 142],
    [35, 137, 142],
    [33, 145, 140],
    [31, 152, 139],
    [31, 160, 136],
    [34, 167, 133],
    [40, 174, 128],
    [50, 182, 122],
    [63, 188, 115],
    [78, 195, 107],
    [94, 201, 98],
    [112, 207, 87],
    [132, 212, 75],
    [152, 216, 62],
    [173, 220, 48],
    [194, 223, 35],
    [216, 226, 25],
    [236, 229, 27],
    [253, 231, 37],
];
const MAGMA: [[u8; 3]; N] = [
    [0, 0, 4],
    [3, 3, 18],
    [10, 8, 34],
    [19, 13, 52],
    [29, 17, 71],
    [41, 17, 90],
    [54, 16, 107],
    [68, 15, 118],
    [81, 18, 124],
    [93, 23, 127],
    [106, 28, 129],
    [118, 33, 129],
    [131, 38, 129],
    [144, 42, 129],
    [156, 46, 127],
    [170, 51, 125],
    [183, 55, 121],
    [196, 60, 117],
    [208, 65, 111],
    [220, 72, 105],
    [231, 82, 99],
    [239, 93, 94],
    [245, 107, 92],
    [249, 121, 93],
    [252, 137, 97],
    [253, 152, 105],
    [254, 167, 114],
    [254, 182, 124],
    [254, 196, 136],
    [254, 211, 149],
    [253, 226, 163],
    [252, 240, 178],
    [252, 253, 191],
];
const TWILIGHT: [[u8; 3]; N] = [
    [226, 217, 226],
    [215, 215, 221],
    [196, 206, 212],
    [172, 194, 204],
    [149, 181, 199],
    [129, 166, 195],
    [114, 151, 193],
    [104, 135, 190],
    [98, 118, 186],
    [95, 100, 181],
    [94, 81, 173],
    [93, 61, 161],
    [89, 42, 143],
    [81, 27, 119],
    [69, 19, 92],
    [56, 17, 69],
    [47, 20, 54],
    [58, 17, 58],
    [74, 19, 66],
    [95, 23, 74],
    [116, 30, 79],
    [135, 39, 80],
    [152, 53, 80],
    [166, 69, 80],
    [178, 86, 82],
    [187, 105, 88],
    [194, 124, 99],
    [200, 144, 115],
    [204, 163, 137],
    [209, 182, 163],
    [216, 199, 190],
    [223, 212, 214],
    [226, 217, 226],
];
