//! A PostgreSQL server of this test process: made when the first test asks, gone when the process is.
//!
//! A shell starts the server and then reads from a pipe whose other end this process holds. However this process
//! ends, the pipe closes, and the shell stops the server and removes its folder. The server listens on a socket in
//! that folder only, so there is no port to clash over. With `RELIQUARY_TEST_POSTGRES=<url>` a server that already
//! runs is used (its user must be allowed to make databases), and nothing is started.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use store::{PostgresSettings, Store};

const READY_WITHIN: Duration = Duration::from_secs(60);

/// The rules of a language, and not those of bytes, order text by default here: so a column that forgot its
/// collation shows. (Servers before version 15 lack the first form.)
const SCRIPT: &str = r#"
bin=$1 folder=$2
set -- -D "$folder/data" -U reliquary -A trust -E UTF8 --locale=C --no-sync
"$bin/initdb" "$@" --locale-provider=icu --icu-locale=en-US || {
    rm -rf "$folder/data"
    "$bin/initdb" "$@" || exit 1
}
"$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c unix_socket_permissions=0700 \
    -c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c autovacuum=off \
    -c max_wal_senders=0 -c wal_level=minimal &
server=$!
read -r end
kill -QUIT "$server"
wait "$server"
rm -rf "$folder"
"#;

/// Where the server is, and what keeps it alive.
pub(crate) struct PostgresServer {
    /// The URL of a database of this server, without the database's name: before it, and after it.
    url: (String, String),
    /// The database to be connected to while others are made.
    maintenance_database: String,
    /// A migrated database that tests get copies of.
    template: String,
    /// Closed by the end of this process; see the module's text.
    _alive: Option<ChildStdin>,
}

impl PostgresServer {
    /// The server of this process. Panics, with a text that says what to do, when there can be none.
    pub(crate) fn get() -> &'static Self {
        static SERVER: OnceLock<PostgresServer> = OnceLock::new();
        SERVER.get_or_init(|| {
            let start = || {
                runtime().block_on(async {
                    Self::running_elsewhere()
                        .unwrap_or_else(Self::start)
                        .ready()
                        .await
                })
            };
            // Tests ask from inside their own runtimes, which do not let another one block.
            std::thread::spawn(start)
                .join()
                .expect("PostgreSQL for the tests did not start; the reason is above")
        })
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("{}{database}{}", self.url.0, self.url.1)
    }

    /// Makes a database with the schema in it.
    pub(crate) async fn create_database(&self, name: &str) {
        self.execute(format!("CREATE DATABASE {name} TEMPLATE {}", self.template))
            .await;
    }

    /// Makes a database without anything in it.
    pub(crate) async fn create_empty_database(&self, name: &str) {
        self.execute(format!("CREATE DATABASE {name}")).await;
    }

    /// Removes a database.
    pub(crate) async fn drop_database(&self, name: &str) {
        self.execute(format!("DROP DATABASE {name} WITH (FORCE)"))
            .await;
    }

    async fn execute(&self, sql: String) {
        let mut connection = self.connect().await.unwrap();
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::Connection::close(connection).await.unwrap();
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        self.url(&self.maintenance_database)
            .parse::<PgConnectOptions>()?
            .connect()
            .await
    }

    fn running_elsewhere() -> Option<Self> {
        let url = std::env::var("RELIQUARY_TEST_POSTGRES").ok()?;
        let shape = "RELIQUARY_TEST_POSTGRES has the form postgres://user@host:port/database";
        let (front, back) = url.split_once('?').unwrap_or((&url, ""));
        let (front, database) = front.rsplit_once('/').expect(shape);
        assert!(!database.is_empty(), "{shape}");
        let back = if back.is_empty() {
            String::new()
        } else {
            format!("?{back}")
        };
        Some(Self {
            url: (format!("{front}/"), back),
            maintenance_database: database.into(),
            template: template_name(),
            _alive: None,
        })
    }

    fn start() -> Self {
        let programs = find_programs();
        let folder = tempfile::Builder::new()
            .prefix("reliquary-pg")
            .tempdir()
            .unwrap()
            .keep();
        let log = folder.join("log");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", SCRIPT, "sh"])
            .arg(&programs)
            .arg(&folder)
            .current_dir("/")
            .process_group(0);
        let output = fs::File::create(&log).unwrap();
        shell
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        if fs::metadata(&folder).unwrap().uid() == 0 {
            // PostgreSQL refuses to run as root.
            let (user, group) = unprivileged_user();
            chown(&folder, Some(user), Some(group)).unwrap();
            shell.uid(user).gid(group);
        }
        let mut child = shell.spawn().expect("sh is there");
        let alive = child.stdin.take();
        wait_for_socket(&mut child, &folder, &log);
        Self {
            url: (
                "postgres://reliquary@localhost/".into(),
                format!("?host={}", folder.display()),
            ),
            maintenance_database: "postgres".into(),
            template: template_name(),
            _alive: alive,
        }
    }

    /// Waits until the server answers, and makes the template unless another process did.
    async fn ready(self) -> Self {
        let deadline = Instant::now() + READY_WITHIN;
        let mut connection = loop {
            match self.connect().await {
                Ok(connection) => break connection,
                Err(error) if Instant::now() > deadline => {
                    panic!("PostgreSQL does not answer: {error}")
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        // Processes that share a server take turns here; the lock ends with the connection.
        sqlx::query("SELECT pg_advisory_lock(7263)")
            .execute(&mut connection)
            .await
            .unwrap();
        let found: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(&self.template)
            .fetch_optional(&mut connection)
            .await
            .unwrap();
        if found.is_none() {
            self.create_empty_database(&self.template).await;
            let store = Store::open_postgres(&PostgresSettings::new(self.url(&self.template), 1))
                .await
                .unwrap();
            store.close().await;
        }
        sqlx::Connection::close(connection).await.unwrap();
        self
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Named after what the migrations say, so that a server that is kept does not hand out an old schema.
fn template_name() -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file).unwrap().hash(&mut hasher);
    }
    format!("reliquary_template_{:016x}", hasher.finish())
}

/// The folder of `initdb` and `postgres`.
fn find_programs() -> PathBuf {
    let mut folders: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(String::from_utf8_lossy(&output.stdout).trim().into());
    }
    // Debian's place; the newest first.
    let installed = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut versions: Vec<u32> = installed
        .filter_map(|entry| {
            entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
        })
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    folders.extend(
        versions
            .iter()
            .map(|version| format!("/usr/lib/postgresql/{version}/bin").into()),
    );
    let complete =
        |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    folders.into_iter().find(complete).expect(
        "PostgreSQL's programs initdb and postgres are neither in PATH, nor where `pg_config --bindir` says, nor in \
         /usr/lib/postgresql/*/bin. These tests run on SQLite and on a real PostgreSQL: install it (Debian: \
         `apt-get install postgresql`), or name a server that runs: RELIQUARY_TEST_POSTGRES=postgres://user@host/postgres",
    )
}

/// The ids of `nobody`.
fn unprivileged_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let nobody = users.lines().find_map(|line| line.strip_prefix("nobody:"));
    let mut fields = nobody
        .into_iter()
        .flat_map(|line| line.split(':'))
        .skip(1)
        .map(|id| id.parse().unwrap());
    let mut id = || {
        fields
            .next()
            .expect("PostgreSQL does not run as root, so the tests need the user `nobody`")
    };
    (id(), id())
}

fn wait_for_socket(child: &mut Child, folder: &Path, log: &Path) {
    let deadline = Instant::now() + READY_WITHIN;
    while !folder.join(".s.PGSQL.5432").exists() {
        let ended = child.try_wait().unwrap();
        if ended.is_some() || Instant::now() > deadline {
            let wrote = fs::read_to_string(log).unwrap_or_default();
            fs::remove_dir_all(folder).ok();
            panic!(
                "PostgreSQL did not start. Every folder above {} must be open to its user. What it wrote:\n{wrote}",
                folder.display(),
            );
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
