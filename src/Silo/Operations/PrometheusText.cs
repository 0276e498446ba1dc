using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Sophia.Operations;

/// <summary>Writes measurements as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0 for who asks for that.</summary>
/// <remarks>Names follow OpenTelemetry's rules for Prometheus: dots become underscores, the unit and "_total" are appended; what is given in milliseconds is told in seconds. One name is one
/// family, so measurements of equal names from two meters stand together; should their kinds differ, the later one is left out.</remarks>
internal sealed class PrometheusText(bool openMetrics)
{
    public const string PlainType = "text/plain; version=0.0.4; charset=utf-8";
    public const string OpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private static readonly Dictionary<string, string> Units = new(StringComparer.Ordinal)
    {
        ["s"] = "seconds", ["ms"] = "seconds", ["By"] = "bytes", ["%"] = "percent",
    };

    private const string PoolName = "db.client.connection.pool.name";

    private readonly Dictionary<string, Family> families = new(StringComparer.Ordinal);

    public string ContentType => openMetrics ? OpenMetricsType : PlainType;

    /// <summary>Takes in one measurement with all its labels.</summary>
    public void Add(Metric metric)
    {
        var kind = KindOf(metric.MetricType);
        var name = NameOf(metric.Name, metric.Unit, kind);
        if (!families.TryGetValue(name, out var family))
            families[name] = family = new Family(kind, metric.Description.Length > 0 ? metric.Description : metric.Name);
        if (family.Kind != kind)
            return;
        var scale = metric.Unit == "ms" ? 0.001 : 1;
        foreach (ref readonly var point in metric.GetMetricPoints())
            Write(family.Lines, name, metric.MetricType, point, scale);
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (name, family) in families.Where(family => family.Value.Lines.Length > 0).OrderBy(family => family.Key, StringComparer.Ordinal))
        {
            // OpenMetrics names the family of a counter without the ending that its samples carry.
            var named = openMetrics && family.Kind == "counter" ? name[..^"_total".Length] : name;
            text.Append("# HELP ").Append(named).Append(' ').Append(Escaped(family.Help, quotes: openMetrics)).Append('\n');
            text.Append("# TYPE ").Append(named).Append(' ').Append(family.Kind).Append('\n').Append(family.Lines);
        }
        return openMetrics ? text.Append("# EOF\n").ToString() : text.ToString();
    }

    /// <summary>The name as Prometheus has it; where OpenTelemetry's rule makes one that promtool objects to, the nearest other.</summary>
    internal static string NameOf(string name, string unit, string kind)
    {
        var plain = new StringBuilder(name.Length);
        foreach (var letter in name)
            if (char.IsAsciiLetterOrDigit(letter))
                plain.Append(letter);
            else if (plain.Length > 0 && plain[^1] != '_')
                plain.Append('_');
        if (char.IsAsciiDigit(plain[0]))
            plain.Insert(0, '_');
        var made = plain.ToString().TrimEnd('_');
        var suffix = Units.GetValueOrDefault(unit) ?? (unit == "1" && kind == "gauge" ? "ratio" : "");
        if (suffix.Length > 0 && !made.EndsWith($"_{suffix}", StringComparison.Ordinal))
            made += $"_{suffix}";
        if (kind == "gauge" && made.EndsWith("_count", StringComparison.Ordinal))
            return $"{made[..^"_count".Length]}s"; // That ending is a histogram's.
        if (kind != "counter")
            return made.EndsWith("_total", StringComparison.Ordinal) ? made[..^"_total".Length] : made;
        return made.EndsWith("_total", StringComparison.Ordinal) ? made : $"{made}_total";
    }

    private static string KindOf(MetricType type) => type switch
    {
        MetricType.Histogram or MetricType.ExponentialHistogram => "histogram",
        MetricType.LongSum or MetricType.DoubleSum => "counter",
        _ => "gauge",
    };

    private static void Write(StringBuilder lines, string name, MetricType type, in MetricPoint point, double scale)
    {
        if (Labels(point.Tags) is not { } labels)
            return;
        switch (type)
        {
            case MetricType.Histogram:
                long below = 0;
                foreach (var bucket in point.GetHistogramBuckets())
                    Line(lines, $"{name}_bucket", labels, $"le=\"{Number(bucket.ExplicitBound * scale)}\"", (below += bucket.BucketCount).ToString(CultureInfo.InvariantCulture));
                Line(lines, $"{name}_sum", labels, "", Number(point.GetHistogramSum() * scale));
                Line(lines, $"{name}_count", labels, "", point.GetHistogramCount().ToString(CultureInfo.InvariantCulture));
                break;
            case MetricType.ExponentialHistogram:
                Line(lines, $"{name}_bucket", labels, "le=\"+Inf\"", point.GetHistogramCount().ToString(CultureInfo.InvariantCulture));
                Line(lines, $"{name}_sum", labels, "", Number(point.GetHistogramSum() * scale));
                Line(lines, $"{name}_count", labels, "", point.GetHistogramCount().ToString(CultureInfo.InvariantCulture));
                break;
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                Line(lines, name, labels, "", point.GetSumLong().ToString(CultureInfo.InvariantCulture));
                break;
            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                Line(lines, name, labels, "", Number(point.GetSumDouble() * scale));
                break;
            case MetricType.LongGauge:
                Line(lines, name, labels, "", point.GetGaugeLastValueLong().ToString(CultureInfo.InvariantCulture));
                break;
            default:
                Line(lines, name, labels, "", Number(point.GetGaugeLastValueDouble() * scale));
                break;
        }
    }

    private static void Line(StringBuilder lines, string name, string labels, string bound, string value)
    {
        lines.Append(name);
        if (labels.Length > 0 || bound.Length > 0)
            lines.Append('{').Append(labels).Append(labels.Length > 0 && bound.Length > 0 ? "," : "").Append(bound).Append('}');
        lines.Append(' ').Append(value).Append('\n');
    }

    /// <summary>Null for a pool of connections that nobody named: its name would be its connection text.</summary>
    private static string? Labels(ReadOnlyTagCollection tags)
    {
        var labels = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            if (key == PoolName && value is string pool && pool.Contains('=', StringComparison.Ordinal))
                return null;
            labels.Append(labels.Length > 0 ? "," : "").Append(NameOf(JsonNamingPolicy.SnakeCaseLower.ConvertName(key), "", "label")).Append("=\"");
            labels.Append(Escaped(value is bool yes ? yes ? "true" : "false" : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", quotes: true)).Append('"');
        }
        return labels.ToString();
    }

    private static string Escaped(string text, bool quotes)
    {
        var escaped = text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : double.IsNegativeInfinity(value) ? "-Inf" : double.IsNaN(value) ? "NaN" : value.ToString("R", CultureInfo.InvariantCulture);

    private sealed record Family(string Kind, string Help)
    {
        public StringBuilder Lines { get; } = new();
    }
}
