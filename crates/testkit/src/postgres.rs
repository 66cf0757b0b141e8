//! A real PostgreSQL for the tests of one process: begun by the first that asks, gone when the process is, however it ends.
//!
//! It listens on a socket in a folder of its own and nowhere else. A shell keeps it: the shell reads from a pipe that this
//! process holds open, and once that closes, stops the server and removes the folder. The contract tests of `store` have
//! one of their own kind, which also looks into it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const READY_WITHIN: Duration = Duration::from_secs(60);

const KEEPER: &str = r#"
programs=$1 folder=$2
"$programs/initdb" -D "$folder/data" -U reliquary -A trust -E UTF8 --locale=C --no-sync || exit 1
"$programs/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=200 -c fsync=off \
    -c full_page_writes=off &
postgres=$!
read -r closed
kill -QUIT "$postgres"
wait "$postgres"
rm -rf "$folder"
"#;

/// The server of this process.
#[derive(Debug)]
struct Server {
    programs: PathBuf,
    folder: PathBuf,
    identity: Option<(u32, u32)>,
    _pipe: Option<ChildStdin>,
}

/// A database of one test, gone with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
    server: &'static Server,
}

impl Database {
    /// Makes an empty one, or a copy of one that nobody uses.
    ///
    /// # Panics
    /// There is no PostgreSQL on this machine, or it does not start.
    #[must_use]
    pub fn create(template: Option<&Self>) -> Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = SERVER.get_or_init(Server::start);
        let name = format!("house_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let mut create = server.command("createdb", &name);
            if let Some(template) = template {
                create.args(["--template", &template.name]);
            }
            let made = create.output().expect("createdb lies beside initdb");
            if made.status.success() {
                return Self { name, server };
            }
            // The socket's file is there a moment before the server listens, and that before it answers.
            let said = String::from_utf8_lossy(&made.stderr);
            assert!(
                (said.contains("starting up") || said.contains("Connection refused"))
                    && Instant::now() < deadline,
                "{said}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The URL that a store is opened with.
    #[must_use]
    pub fn url(&self) -> String {
        let folder = self.server.folder.display();
        format!("postgres://reliquary@localhost/{}?host={folder}", self.name)
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The socket that its server listens on.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.server.folder.join(".s.PGSQL.5432")
    }

    /// Runs a statement, past all that the program does; what it tells, without heads and margins.
    ///
    /// # Panics
    /// The statement fails.
    #[must_use]
    pub fn psql(&self, statement: &str) -> String {
        let mut psql = self.server.command("psql", &self.name);
        psql.args(["--no-psqlrc", "-qtAc", statement]);
        let done = psql.output().expect("psql lies beside createdb");
        let failure = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{statement}: {failure}");
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }
}

impl Drop for Database {
    /// A run makes hundreds of them, of several megabytes each. Nobody waits for it, and nothing depends on it.
    fn drop(&mut self) {
        let mut drop = self.server.command("dropdb", &self.name);
        drop.args(["--force", "--if-exists"]);
        std::thread::spawn(move || drop.output());
    }
}

impl Server {
    fn start() -> Self {
        let programs = programs();
        let folder = tempfile::Builder::new().prefix("reliquary-pg").tempdir();
        let folder = folder.expect("the system has room for a folder").keep();
        let log = folder.join("log");
        let output = fs::File::create(&log).expect("the folder is new");
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(&programs);
        keeper.arg(&folder).current_dir("/").process_group(0);
        keeper.stdin(Stdio::piped());
        keeper.stdout(
            output
                .try_clone()
                .expect("an open file can be opened twice"),
        );
        keeper.stderr(output);
        // PostgreSQL refuses to run as root.
        let is_root = fs::metadata(&folder).is_ok_and(|folder| folder.uid() == 0);
        let identity = is_root.then(nobody);
        if let Some((user, group)) = identity {
            chown(&folder, Some(user), Some(group)).expect("root may give folders away");
            keeper.uid(user).gid(group);
        }
        let mut child = keeper.spawn().expect("sh is there");
        wait_for_socket(&mut child, &folder, &log);
        Self {
            programs,
            folder,
            identity,
            _pipe: child.stdin.take(),
        }
    }

    /// A program that does something with a database.
    fn command(&self, program: &str, database: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.args(["-U", "reliquary", "-h"]).arg(&self.folder);
        command.arg(database).current_dir("/");
        if let Some((user, group)) = self.identity {
            command.uid(user).gid(group);
        }
        command
    }
}

fn wait_for_socket(child: &mut Child, folder: &Path, log: &Path) {
    let deadline = Instant::now() + READY_WITHIN;
    while !folder.join(".s.PGSQL.5432").exists() {
        let has_ended = child.try_wait().is_ok_and(|status| status.is_some());
        if has_ended || Instant::now() > deadline {
            let said = fs::read_to_string(log).unwrap_or_default();
            fs::remove_dir_all(folder).ok();
            panic!("PostgreSQL did not start:\n{said}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn nobody() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("there is a list of users");
    let line = users.lines().find(|line| line.starts_with("nobody:"));
    let line = line.expect("PostgreSQL does not run as root, and there is no user `nobody`");
    let mut ids = line.split(':').skip(2).map(str::parse);
    match (ids.next(), ids.next()) {
        (Some(Ok(user)), Some(Ok(group))) => (user, group),
        _ => panic!("the user `nobody` has no ids"),
    }
}

/// The folder of `initdb`, `postgres`, `createdb` and `dropdb`: in the path, or where Debian puts it, the newest first.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut installed: Vec<(u32, PathBuf)> = versions
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    installed.sort_by(|a, b| b.cmp(a));
    folders.extend(installed.into_iter().map(|(_, folder)| folder));
    let is_whole = |folder: &PathBuf| {
        ["initdb", "postgres", "createdb", "dropdb"]
            .iter()
            .all(|program| folder.join(program).is_file())
    };
    folders.into_iter().find(is_whole).expect(
        "PostgreSQL is neither in the path nor in /usr/lib/postgresql; install it (Debian: apt-get install postgresql)",
    )
}
