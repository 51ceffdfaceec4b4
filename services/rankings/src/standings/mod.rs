//! Standings: who is ranked, over which days, by which exact fractions. Everything here is pure.
//!
//! | step | where |
//! |---|---|
//! | the text of a period becomes days, base days, and the days before | [`period`] |
//! | units' facts count for entrants by where they stood on the day | [`attribution`] |
//! | sums become cells: text, change, interval | [`figure`] over [`xiaoan_kernel::fraction`] and [`xiaoan_kernel::wilson`] |
//! | cells become ranked rows | [`evaluate`] |

pub mod attribution;
pub mod builtin;
pub mod evaluate;
pub mod figure;
pub mod funnel;
pub mod period;
