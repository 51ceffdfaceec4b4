//! Addresses of the board's own pages. Every value is percent-encoded here and nowhere else.

use super::lang::Lang;

/// `path` with its query. Pairs with an empty value are left out; English pages keep `lang=en`, so that a shared
/// link opens in the language it was copied in, also where cookies are off.
pub fn to(path: &str, pairs: &[(&str, &str)], lang: Lang) -> String {
    let mut out = path.to_owned();
    let language = if lang == Lang::En { lang.code() } else { "" };
    let all = pairs.iter().copied().chain([(super::lang::NAME, language)]);
    for (i, (name, value)) in all.filter(|(_, value)| !value.is_empty()).enumerate() {
        out.push(if i == 0 { '?' } else { '&' });
        encode(name, &mut out);
        out.push('=');
        encode(value, &mut out);
    }
    out
}

/// One path segment or query value, percent-encoded (RFC 3986: all but unreserved characters).
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode(text, &mut out);
    out
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// Address of a board's page.
pub fn board(board: &str, period: &str, as_of: &str, lang: Lang) -> String {
    to(&format!("/boards/{}", encoded(board)), &[("period", period), ("as_of", as_of)], lang)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_and_empty_ones_left_out() {
        assert_eq!(
            board("theft-stations", "2020-09-01..2021-07-10", "", Lang::Zh),
            "/boards/theft-stations?period=2020-09-01..2021-07-10"
        );
        assert_eq!(
            to("/x", &[("a", "b c&d=é\""), ("e", "")], Lang::En),
            "/x?a=b%20c%26d%3D%C3%A9%22&lang=en"
        );
        assert_eq!(to("/", &[], Lang::Zh), "/");
        assert_eq!(board("../<b>", "", "", Lang::Zh), "/boards/..%2F%3Cb%3E");
    }
}
