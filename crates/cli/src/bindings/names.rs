//! Names in the style of the client's language.

/// `send_message` → `sendMessage`; `SendMessage` → `sendMessage`.
pub(super) fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let mut letters = pascal.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// `send_message` → `SendMessage`; scopes are joined.
pub(super) fn pascal(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    words.map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::{camel, pascal};

    #[test]
    fn styles() {
        assert_eq!(camel("send_message"), "sendMessage");
        assert_eq!(camel("SendMessage"), "sendMessage");
        assert_eq!(camel("id"), "id");
        assert_eq!(pascal("game.player_state"), "GamePlayerState");
    }
}
