//! Style, script and icon: our own, compiled in, addressed by their content so that a browser may keep them for ever.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const FILES: [(&str, &str, &str); 3] = [
    ("board.css", "text/css; charset=utf-8", include_str!("../../assets/board.css")),
    ("board.js", "text/javascript; charset=utf-8", include_str!("../../assets/board.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
];

/// Addresses of the assets.
#[derive(Debug)]
pub struct Assets {
    /// Style sheet.
    pub css: String,
    /// Script.
    pub js: String,
    /// Icon.
    pub icon: String,
}

/// Addresses with the digest of each file's content in them.
pub static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let [css, js, icon] = FILES.map(|(name, _, text)| format!("/assets/{}/{name}", digest(text)));
    Assets { css, js, icon }
});

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes())).chars().take(16).collect()
}

/// `GET /assets/{digest}/{name}`: the file; an old digest is answered with the present file, not to be kept.
pub async fn get(Path((asked, name)): Path<(String, String)>) -> Response {
    let Some((_, kind, text)) = FILES.iter().find(|(file, ..)| *file == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if asked == digest(text) { "public, max-age=31536000, immutable" } else { "no-store" };
    ([(CONTENT_TYPE, *kind), (CACHE_CONTROL, keep)], *text).into_response()
}
