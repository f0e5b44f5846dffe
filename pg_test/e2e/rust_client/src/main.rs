//! Scenarios with the official Rust SDK against a gateway: `rust-client SCENARIO ws://HOST:PORT`. A scenario panics where
//! something is not as it should be; it prints a line when it is the test's turn to change rows, and `done` at its end.
//!
//! Bindings are written by `spacetime generate` before this is compiled (test_gateway_rust_sdk.py). Warnings in them are errors.
#![deny(warnings)]

mod bindings {
    pub mod chat;
    pub mod events;
    pub mod everytype;
    pub mod names;
    pub mod procedures;
    pub mod sdk_2_14;
    pub mod subscriptions;
    pub mod views;
}
mod chat;
mod everytype;
mod events;
mod procedures;
mod session;
mod subscriptions;
mod views;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [scenario, url] = arguments.as_slice() else { panic!("rust-client SCENARIO URL") };
    match scenario.as_str() {
        "chat" => chat::run(url),
        "everytype" => everytype::run(url),
        "events" => events::run(url),
        "procedures" => procedures::run(url),
        "subscriptions" => subscriptions::run(url),
        "views" => views::run(url),
        other => panic!("there is no scenario {other}"),
    }
    println!("done");
}
