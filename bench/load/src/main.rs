//! Puts load on a server that speaks SpacetimeDB's client protocol, and prints one line of JSON about how it did.
//!
//! One thread for all connections: on a small machine the load must not take from the server what it measures.

mod accounts;
mod connection;
mod error;
mod fan_out;
mod latencies;
mod transfers;

use clap::{Parser, Subcommand};

use error::Result;

#[derive(Parser)]
#[command(about)]
struct Options {
    /// Host and port of the server.
    #[arg(long, env = "SPACETIME_SERVER", default_value = "127.0.0.1:3000")]
    server: String,
    /// Version of the protocol: 2 has one message per frame, 3 several, as official clients use it.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=3))]
    protocol: u8,
    /// How long to measure, after a warm-up.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    #[command(subcommand)]
    workload: Workload,
}

#[derive(Subcommand)]
enum Workload {
    /// Calls `transfer` of the module `bank`, amount 1.
    Transfers(transfers::Transfers),
    /// Inserts into the module `bench`; how long until each subscriber knows?
    FanOut(fan_out::FanOut),
}

fn main() {
    if let Err(error) = run(&Options::parse()) {
        eprintln!("spacetime-load: {error}");
        std::process::exit(1);
    }
}

fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = connection::Server { address: options.server.clone(), protocol: options.protocol };
    let report = runtime.block_on(async {
        match &options.workload {
            Workload::Transfers(load) => load.run(&server, options.seconds).await,
            Workload::FanOut(load) => load.run(&server, options.seconds).await,
        }
    })?;
    println!("{report}");
    Ok(())
}
