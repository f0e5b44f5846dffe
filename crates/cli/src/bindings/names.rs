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

/// `SendMessage` → `send_message`; `HTTPServer` → `http_server`; scopes are joined.
pub(super) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() && *letter != '_' {
            snake.push('_');
            continue;
        }
        let after_small = at > 0 && (letters[at - 1].is_lowercase() || letters[at - 1].is_numeric());
        let ends_acronym = at > 0
            && letters[at - 1].is_uppercase()
            && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_small || ends_acronym) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::{camel, pascal, snake};

    #[test]
    fn styles() {
        assert_eq!(camel("send_message"), "sendMessage");
        assert_eq!(camel("SendMessage"), "sendMessage");
        assert_eq!(camel("id"), "id");
        assert_eq!(pascal("game.player_state"), "GamePlayerState");
        assert_eq!(snake("game.PlayerState"), "game_player_state");
        assert_eq!(snake("HTTPServer"), "http_server");
        assert_eq!(snake("send_message"), "send_message");
        assert_eq!(snake("plan9Größe"), "plan9_größe");
    }
}
