//! The user's language: Chinese or English.

use clap::ValueEnum;

/// Language of everything a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// 中文
    Zh,
    /// English
    En,
}

impl Lang {
    /// What was asked for; otherwise the locale's language, English unless it is Chinese.
    #[must_use]
    pub fn resolve(asked: Option<Self>) -> Self {
        asked.unwrap_or_else(|| {
            let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
                .unwrap_or_default();
            if locale.starts_with("zh") { Self::Zh } else { Self::En }
        })
    }
    /// One of two texts.
    #[must_use]
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}
