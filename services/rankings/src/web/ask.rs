//! What a request asks for: language, parameters, and the frame every page is set in.

use askama::Template;
use axum::extract::{FromRequestParts, Query};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, HeaderValue, SET_COOKIE};
use http::request::Parts;
use std::convert::Infallible;
use time::format_description::well_known::Rfc3339;
use time::macros::time;
use time::{OffsetDateTime, PrimitiveDateTime};
use xiaoan_kernel::{CITY_OFFSET, parse_day};

use super::assets::{ASSETS, Assets};
use super::lang::{self, Lang};
use super::links;

/// A request, read.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Language of the answer.
    pub lang: Lang,
    path: String,
    params: Vec<(String, String)>,
}

impl<S: Sync> FromRequestParts<S> for Ask {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // A query that cannot be read asks for nothing; what is missing is then said by the page that needs it.
        let params =
            Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map(|q| q.0).unwrap_or_default();
        let asked = params.iter().find(|(name, _)| name == lang::NAME).map(|(_, value)| value.as_str());
        let lang = Lang::of_request(asked, &parts.headers);
        Ok(Self { lang, path: parts.uri.path().to_owned(), params })
    }
}

impl Ask {
    /// A parameter, trimmed; empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.params.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.trim())
    }

    /// The frame of the answer.
    pub fn frame(&self, title: impl Into<String>, active: &'static str) -> Frame {
        let other = self.lang.other();
        let kept = self.params.iter().filter(|(name, _)| name != lang::NAME);
        let mut pairs: Vec<(&str, &str)> = kept.map(|(n, v)| (n.as_str(), v.as_str())).collect();
        pairs.push((lang::NAME, other.code()));
        Frame {
            l: self.lang,
            title: title.into(),
            active,
            // `Zh`, because the language is stated among the pairs.
            switch: links::to(&self.path, &pairs, Lang::Zh),
            assets: &ASSETS,
        }
    }

    /// A page as an answer; remembers the language when the request stated one.
    pub fn page(&self, page: &impl Template) -> Response {
        let html = match page.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(path = self.path, error = %error, "a page cannot be rendered");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        let tag = HeaderValue::from_static(self.lang.tag());
        let mut response = ([(CONTENT_TYPE, kind), (CONTENT_LANGUAGE, tag)], html).into_response();
        if !self.get(lang::NAME).is_empty() {
            let cookie = match self.lang {
                Lang::Zh => "lang=zh; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
                Lang::En => "lang=en; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly",
            };
            response.headers_mut().insert(SET_COOKIE, HeaderValue::from_static(cookie));
        }
        response
    }
}

/// What every page shows around its content.
#[derive(Debug)]
pub struct Frame {
    /// Language.
    pub l: Lang,
    /// Title of the page.
    pub title: String,
    /// Part of the site: "boards", "city", "closings", "accountability", "sources" or "".
    pub active: &'static str,
    /// This page in the other language.
    pub switch: String,
    /// Style and script.
    pub assets: &'static Assets,
}

impl Frame {
    /// Address of the index.
    pub fn home(&self) -> String {
        links::to("/", &[], self.l)
    }
    /// Address of the headline sheet.
    pub fn city(&self) -> String {
        links::board("city", "", "", self.l)
    }
    /// Address of the closed periods.
    pub fn closings(&self) -> String {
        links::to("/closings", &[], self.l)
    }
    /// Address of what hq decided from them.
    pub fn accountability(&self) -> String {
        links::to("/accountability", &[], self.l)
    }
    /// Address of the sources.
    pub fn sources(&self) -> String {
        links::to("/sources", &[], self.l)
    }
}

/// A moment of knowledge as people write it: RFC 3339, or the city's "2026-07-10 08:00[:05]" with a space or a `T`, or
/// a day, which means its end. `None` for anything else.
pub fn moment(text: &str) -> Option<OffsetDateTime> {
    if let Some(day) = parse_day(text) {
        return Some(PrimitiveDateTime::new(day, time!(23:59:59.999999)).assume_offset(CITY_OFFSET));
    }
    let spaced = text.replacen('T', " ", 1);
    if let Some(at) = xiaoan_kernel::parse_city_minute(&spaced) {
        return Some(at);
    }
    if let Some((seconds, fraction)) = spaced.split_once('.')
        && fraction.len() <= 9
        && fraction.bytes().all(|b| b.is_ascii_digit())
    {
        let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
        return xiaoan_kernel::parse_city_minute(seconds)?.replace_nanosecond(nanos).ok();
    }
    // In a query that a person typed, the `+` of an offset has become a space.
    OffsetDateTime::parse(&text.replace(' ', "+"), &Rfc3339).ok()
}

/// The same moment as links and forms carry it: "2026-07-10T08:00:05", the city's time.
pub fn moment_param(at: OffsetDateTime) -> String {
    super::format::Moment::of(at).iso.trim_end_matches("+08:00").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_moment_is_read_in_every_form_people_write() {
        let at = datetime!(2026-07-10 08:00:05 +8);
        for text in [
            "2026-07-10 08:00:05",
            "2026-07-10T08:00:05",
            "2026-07-10T00:00:05Z",
            "2026-07-10T08:00:05+08:00",
            "2026-07-10T08:00:05 08:00",
            "2026-07-10T08:00:05.000",
        ] {
            assert_eq!(moment(text), Some(at), "{text}");
        }
        assert_eq!(moment("2026-07-10"), Some(datetime!(2026-07-10 23:59:59.999999 +8)));
        assert_eq!(moment("2026-07-10T08:00"), Some(datetime!(2026-07-10 08:00 +8)));
        for text in ["", "yesterday", "2026-02-30", "2026-07-10T25:00", "2026-07-10T08:00:05.x"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_survives_the_way_through_a_link() {
        for at in [datetime!(2026-07-10 08:00:05 +8), datetime!(2026-07-10 23:59:59.999999 +8)] {
            assert_eq!(moment(&moment_param(at)), Some(at));
        }
    }
}
