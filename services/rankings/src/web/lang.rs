//! The two languages of the board: Chinese first, English on request.
//!
//! Templates carry both texts side by side (`l.t("榜单", "Boards")`), so a text cannot exist in one language only.

use http::HeaderMap;
use http::header::COOKIE;

/// Name of the cookie and of the query parameter.
pub const NAME: &str = "lang";

/// Language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Simplified Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// "zh" or "zh-CN", "en"; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "zh" | "zh-CN" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// What the reader asked for: the query parameter, then the cookie, then Chinese. `Accept-Language` is not
    /// asked: the board is a Chinese document and many Chinese desks run an English browser.
    #[must_use]
    pub fn of_request(query: Option<&str>, headers: &HeaderMap) -> Self {
        query.and_then(Self::parse).or_else(|| Self::of_cookie(headers)).unwrap_or_default()
    }

    fn of_cookie(headers: &HeaderMap) -> Option<Self> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| if name == NAME { Self::parse(value) } else { None })
    }

    /// The text in this language.
    #[must_use]
    pub fn t<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    /// A name from data in this language; the other language when this one is empty.
    #[must_use]
    pub fn name<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        let (first, second) = if *self == Self::Zh { (zh, en) } else { (en, zh) };
        if first.is_empty() { second } else { first }
    }

    /// Value of the `lang` attribute and of `Content-Language`.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// Value of the query parameter and cookie.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(&self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn cookie(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(text))])
    }

    #[test]
    fn chinese_unless_somebody_asks() {
        assert_eq!(Lang::of_request(None, &HeaderMap::new()), Lang::Zh);
        assert_eq!(Lang::of_request(Some("fr"), &HeaderMap::new()), Lang::Zh);
    }

    #[test]
    fn the_query_outweighs_the_cookie() {
        assert_eq!(Lang::of_request(None, &cookie("a=b; lang=en")), Lang::En);
        assert_eq!(Lang::of_request(Some("zh"), &cookie("lang=en")), Lang::Zh);
        assert_eq!(Lang::of_request(None, &cookie("xlang=en; lang=\"><script>")), Lang::Zh);
    }
}
