import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.*;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** What the JDBC driver makes of a database, line by line. Arguments: URL, user, password. */
public class Programme {
    private static final java.io.PrintStream out = new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8);

    private static void note(String what, Object... values) {
        StringBuilder line = new StringBuilder(what);
        for (Object value : values) line.append(" | ").append(value);
        out.println(line);
    }

    private interface Work {
        Object run() throws SQLException;
    }

    private static void attempt(String what, Work work) {
        try {
            note(what, work.run());
        } catch (SQLException error) {
            note(what, error.getSQLState(), error.getMessage());
        }
    }

    private static Object scalar(Connection db, String sql) throws SQLException {
        try (Statement statement = db.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getObject(1) : null;
        }
    }

    private static void rowsAndErrors(Connection db) throws SQLException {
        try (Statement statement = db.createStatement()) {
            statement.execute("create table person (id int primary key, name text, worth numeric, tags text[], image bytea)");
        }
        String insert = "insert into person values (?, ?, ?, ?, ?)";
        try (PreparedStatement statement = db.prepareStatement(insert, Statement.RETURN_GENERATED_KEYS)) {
            statement.setInt(1, 1);
            statement.setString(2, "Ærø 🦊");
            statement.setBigDecimal(3, new BigDecimal("1.50"));
            statement.setArray(4, db.createArrayOf("text", new String[] {"a b", null}));
            statement.setBytes(5, new byte[] {0, -1});
            attempt("insert", statement::executeUpdate);
            attempt("doubled", statement::executeUpdate);
            for (int n = 2; n < 500; n++) {
                statement.setInt(1, n);
                statement.addBatch();
            }
            attempt("batch", () -> statement.executeBatch().length);
        }
        try (PreparedStatement statement = db.prepareStatement("select * from person where id = ?")) {
            // From the fifth time on, the driver names the statement on the server and takes binary results.
            for (int n = 1; n < 12; n++) {
                statement.setInt(1, n % 3);
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) note("prepared", rows.getInt(1), rows.getString(2), rows.getBigDecimal(3), rows.getArray(4));
                }
            }
            attempt("altered", () -> {
                try (Statement other = db.createStatement()) {
                    return other.executeUpdate("alter table person add column later int default 7");
                }
            });
            attempt("plan changed", () -> {
                try (ResultSet rows = statement.executeQuery()) {
                    return rows.next() ? rows.getInt("later") : rows.getMetaData().getColumnCount();
                }
            });
        }
        attempt("syntax", () -> scalar(db, "selekt"));
        attempt("several", () -> {
            try (Statement statement = db.createStatement()) {
                boolean hasRows = statement.execute("select 1; insert into person (id) values (1000); select 2, 3");
                return hasRows + " " + statement.getMoreResults() + " " + statement.getUpdateCount() + " " + statement.getMoreResults();
            }
        });
    }

    private static void transactions(Connection db) throws SQLException {
        db.setAutoCommit(false);
        db.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        attempt("isolation", () -> scalar(db, "show transaction_isolation"));
        Savepoint savepoint = db.setSavepoint();
        attempt("division", () -> scalar(db, "select 1 / 0"));
        attempt("aborted", () -> scalar(db, "select 1"));
        db.rollback(savepoint);
        try (Statement statement = db.createStatement()) {
            statement.setFetchSize(50);
            long sum = 0;
            try (ResultSet rows = statement.executeQuery("select id from person order by id")) {
                while (rows.next()) sum += rows.getInt(1);
            }
            note("fetched in portions", sum);
        }
        db.commit();
        db.setReadOnly(true);
        attempt("read only", () -> scalar(db, "delete from person returning 1"));
        db.rollback();
        db.setReadOnly(false);
        db.setAutoCommit(true);
        db.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    }

    private static void extras(Connection db) throws Exception {
        PGConnection pg = db.unwrap(PGConnection.class);
        StringBuilder lines = new StringBuilder();
        for (int n = 2000; n < 4000; n++) lines.append(n).append("\tcopied\n");
        note("copied in", pg.getCopyAPI().copyIn("copy person (id, name) from stdin", new StringReader(lines.toString())));
        StringWriter text = new StringWriter();
        note("copied out", pg.getCopyAPI().copyOut("copy (select id, name from person) to stdout", text), text.toString().length());
        attempt("copy refused", () -> {
            try {
                return pg.getCopyAPI().copyIn("copy person (id) from stdin", new StringReader("x\n"));
            } catch (java.io.IOException error) {
                return error;
            }
        });
        try (Statement statement = db.createStatement()) {
            statement.execute("do $$ begin raise notice 'hear'; end $$");
            note("warning", statement.getWarnings());
            statement.execute("listen news");
            statement.execute("notify news, 'payload'");
            for (PGNotification notification : pg.getNotifications(10_000)) note("notified", notification.getName(), notification.getParameter());
            statement.setQueryTimeout(1);
            attempt("timeout", () -> statement.executeQuery("select pg_sleep(60)"));
        }
        attempt("after timeout", () -> scalar(db, "select 1"));
        attempt("valid", () -> db.isValid(5));
        db.setSchema("pg_catalog");
        attempt("schema", () -> scalar(db, "select current_schema()"));
        db.setSchema("public");
        try (ResultSet rows = db.getMetaData().getColumns(null, "public", "person", null)) {
            while (rows.next()) note("column", rows.getString("COLUMN_NAME"), rows.getString("TYPE_NAME"), rows.getInt("NULLABLE"));
        }
        try (ResultSet rows = db.getMetaData().getPrimaryKeys(null, "public", "person")) {
            while (rows.next()) note("key", rows.getString("COLUMN_NAME"), rows.getString("PK_NAME"));
        }
    }

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("user", arguments[1]);
        properties.setProperty("password", arguments[2]);
        try (Connection db = DriverManager.getConnection(arguments[0], properties)) {
            rowsAndErrors(db);
            transactions(db);
            extras(db);
        }
        for (String mode : new String[] {"simple", "extendedForPrepared", "extendedCacheEverything"}) {
            properties.setProperty("preferQueryMode", mode);
            try (Connection db = DriverManager.getConnection(arguments[0], properties);
                    PreparedStatement statement = db.prepareStatement("select count(*), ?::text from person")) {
                statement.setString(1, mode);
                attempt(mode, () -> {
                    try (ResultSet rows = statement.executeQuery()) {
                        return rows.next() ? rows.getLong(1) + " " + rows.getString(2) : null;
                    }
                });
            }
        }
    }
}
