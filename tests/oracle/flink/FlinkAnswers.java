// Asks Apache Flink the oracle's statements and writes down what it answers, one JSON object a line:
//   {"sql":…,"columns":[{"name","type","nullable"}…],"rows":[[…]…]}   its rows, sorted unless the statement orders them
//   {"sql":…,"refused":…}    it is not valid; the text is the innermost message
//   {"sql":…,"fails":…}      it is valid and fails over this data
//   {"sql":…,"set":true}     a SET, which holds for those behind it
// Values: 64-bit integers as JSON numbers with all digits, decimals as strings, NaN and infinities as strings, bytes as
// hex, dates and times as ISO strings with the fraction that is not zero, TIMESTAMP_LTZ in UTC with Z, maps as pairs
// sorted by key, arrays and rows as arrays.
//
// usage: java -cp 'LIBS/*' FlinkAnswers.java TABLES.sql DATA OUT_DIRECTORY STATEMENTS.sql…
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.*;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.util.*;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

public class FlinkAnswers {
  static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendPattern("HH:mm:ss").appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true).toFormatter();
  static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("uuuu-MM-dd");

  static String quote(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int at = 0; at < text.length(); ++at) {
      char c = text.charAt(at);
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < 0x20 || Character.isSurrogate(c) && !paired(text, at)) out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }
  static boolean paired(String text, int at) {
    char c = text.charAt(at);
    return Character.isHighSurrogate(c) ? at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1))
                                        : at > 0 && Character.isHighSurrogate(text.charAt(at - 1));
  }
  static String moment(LocalDateTime t) { return DATE.format(t) + " " + TIME.format(t); }

  static String json(Object value) {
    if (value == null) return "null";
    if (value instanceof Boolean || value instanceof Byte || value instanceof Short || value instanceof Integer || value instanceof Long)
      return value.toString();
    if (value instanceof Float f) return Float.isFinite(f) ? f.toString() : quote(f.toString());
    if (value instanceof Double d) return Double.isFinite(d) ? d.toString() : quote(d.toString());
    if (value instanceof BigDecimal d) return quote(d.toPlainString());
    if (value instanceof byte[] bytes) return quote(HexFormat.of().formatHex(bytes));
    if (value instanceof LocalDate d) return quote(DATE.format(d));
    if (value instanceof LocalTime t) return quote(TIME.format(t));
    if (value instanceof LocalDateTime t) return quote(moment(t));
    if (value instanceof Instant t) return quote(moment(LocalDateTime.ofInstant(t, ZoneOffset.UTC)) + "Z");
    if (value instanceof Map<?, ?> map) {
      List<String> pairs = new ArrayList<>();
      map.forEach((k, v) -> pairs.add("[" + json(k) + "," + json(v) + "]"));
      Collections.sort(pairs);
      return "[" + String.join(",", pairs) + "]";
    }
    if (value instanceof Row row) {
      List<String> fields = new ArrayList<>();
      for (int at = 0; at < row.getArity(); ++at) fields.add(json(row.getField(at)));
      return "[" + String.join(",", fields) + "]";
    }
    if (value instanceof Object[] array) {
      List<String> items = new ArrayList<>();
      for (Object item : array) items.add(json(item));
      return "[" + String.join(",", items) + "]";
    }
    if (value instanceof int[] array) return json(Arrays.stream(array).boxed().toArray());
    return quote(value.toString());
  }

  // As DDL spells it; the type of '' has no such spelling.
  static String spelling(LogicalType type) {
    try {
      return type.copy(true).asSerializableString();
    } catch (RuntimeException e) {
      return type.copy(true).asSummaryString();
    }
  }

  static String innermost(Throwable thrown) {
    while (thrown.getCause() != null) thrown = thrown.getCause();
    String text = String.valueOf(thrown.getMessage());
    return text.lines().findFirst().orElse(thrown.getClass().getSimpleName());
  }

  static String answer(TableEnvironment flink, String sql) {
    TableResult result;
    try {
      result = flink.executeSql(sql);
    } catch (Throwable refused) {
      // Constants are folded while planning: what they fail at is a failure at run time here, and told apart by the reader.
      return "\"refused\":" + quote(innermost(refused));
    }
    List<String> columns = new ArrayList<>();
    for (Column column : result.getResolvedSchema().getColumns()) {
      var type = column.getDataType().getLogicalType();
      columns.add("{\"name\":" + quote(column.getName()) + ",\"type\":" + quote(spelling(type)) +
                  ",\"nullable\":" + type.isNullable() + "}");
    }
    List<String> rows = new ArrayList<>();
    try (CloseableIterator<Row> at = result.collect()) {
      while (at.hasNext()) rows.add(json(at.next()));
    } catch (Throwable failed) {
      return "\"fails\":" + quote(innermost(failed));
    }
    if (!sql.toUpperCase().contains("ORDER BY")) Collections.sort(rows);
    return "\"columns\":[" + String.join(",", columns) + "],\"rows\":[" + String.join(",", rows) + "]";
  }

  // At a semicolon that ends a line. Lines that begin with -- are comments.
  static List<String> statements(Path file) throws Exception {
    List<String> found = new ArrayList<>();
    StringBuilder one = new StringBuilder();
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith("--") || line.isBlank()) continue;
      one.append(one.length() == 0 ? "" : "\n").append(line);
      if (!line.endsWith(";")) continue;
      found.add(one.substring(0, one.length() - 1));
      one.setLength(0);
    }
    if (one.length() > 0) throw new IllegalArgumentException(file + " ends within a statement: " + one);
    return found;
  }

  public static void main(String[] arguments) throws Exception {
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
    Configuration settings = new Configuration();
    settings.setString("parallelism.default", "1");
    settings.setString("table.local-time-zone", "UTC");
    settings.setString("taskmanager.memory.network.fraction", "0.2");
    for (int at = 3; at < arguments.length; ++at) {
      Path file = Path.of(arguments[at]);
      TableEnvironment flink = TableEnvironment.create(EnvironmentSettings.newInstance().inBatchMode().withConfiguration(settings).build());
      for (String table : statements(Path.of(arguments[0]))) flink.executeSql(table.replace("${data}", arguments[1]));
      Path out = Path.of(arguments[2], file.getFileName().toString().replace(".sql", ".jsonl"));
      int asked = 0;
      try (PrintWriter answers = new PrintWriter(Files.newBufferedWriter(out, StandardCharsets.UTF_8))) {
        for (String sql : statements(file)) {
          String body;
          if (sql.startsWith("SET ")) {
            String[] parts = sql.split("'");
            flink.getConfig().set(parts[1], parts[3]);
            body = "\"set\":true";
          } else {
            body = answer(flink, sql);
            ++asked;
          }
          answers.println("{\"sql\":" + quote(sql) + "," + body + "}");
        }
      }
      System.out.println(file.getFileName() + ": " + asked + " statements");
    }
    System.exit(0);
  }
}
