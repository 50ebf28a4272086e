//! Stands in for `gatehouse` in the harness's own tests: an agent that gives the service port its address, and a web
//! role that listens where the real one does.
#![expect(clippy::print_stdout, reason = "its output is a role's log")]

use std::{
    env, fs,
    net::TcpListener,
    os::unix::net::UnixListener,
    path::PathBuf,
    process::{Command, exit},
    thread,
};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|a| a == name).expect("an option of the harness");
        PathBuf::from(&arguments[at + 1])
    };
    let role = arguments.first().map_or("", String::as_str);
    println!("{role} started, environment {:?}", env::var("STAND_IN"));
    match role {
        "agent" => {
            fs::write(option("--state-dir").join("touched"), "by the agent").expect("the state folder is the agent's");
            let ip = |line: &str| assert!(Command::new("ip").args(line.split(' ')).status().expect("ip").success());
            if !fs::read_to_string("/proc/net/fib_trie").expect("own network").contains("192.168.100.198") {
                ip("address add 192.168.100.198/24 dev lan3");
            }
            for port in ["lan1", "lan2", "lan3"] {
                ip(&format!("link set {port} up"));
            }
            let socket = option("--runtime-dir").join("agent.sock");
            drop(fs::remove_file(&socket));
            let listener = UnixListener::bind(socket).expect("the runtime folder is the agent's");
            listener.incoming().for_each(drop);
        }
        "web" => {
            let folder = option("--state-dir").join("certificates");
            fs::create_dir_all(&folder).expect("the state folder is the web role's");
            fs::write(folder.join("192.168.100.198.fingerprint"), "AB:CD:EF\n").expect("own file");
            let listener = TcpListener::bind("0.0.0.0:443").expect("port 443 without a capability");
            listener.incoming().for_each(drop);
        }
        "hang" => thread::park(),
        other => {
            println!("no role: {other}");
            exit(3);
        }
    }
}
