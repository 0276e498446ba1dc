using System.Diagnostics.Metrics;
using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Sophia.Operations;

/// <summary>What this process measures: Sophia's own meters, and of .NET, ASP.NET, Npgsql and Orleans what an operator asks for. Held in memory until somebody reads it.</summary>
/// <remarks>No meter of ours has a label that names a tenant or anything that a tenant has named. OTLP goes out only where the standard variable
/// OTEL_EXPORTER_OTLP_ENDPOINT names a collector.</remarks>
internal sealed class Telemetry : IDisposable
{
    /// <summary>Of one measurement at most so many combinations of labels are kept; more are counted together.</summary>
    private const int MostSeries = 500;

    private static readonly string[] Meters =
        ["Sophia.*", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Http.Connections", "Microsoft.AspNetCore.RateLimiting", "Npgsql", "Microsoft.Orleans"];

    /// <summary>Upper bounds for durations, in seconds: half a millisecond to a minute.</summary>
    private static readonly double[] Seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60];

    /// <summary>What <see cref="ProcessMeter"/> says better, or nobody asks for.</summary>
    private static readonly string[] Dropped = ["dotnet.assembly.count", "dotnet.timer.count", "dotnet.process.cpu.count", "dotnet.thread_pool.thread.count", "dotnet.thread_pool.queue.length", "dotnet.jit.compiled_methods", "dotnet.jit.compiled_il.size"];

    /// <summary>What Orleans tells of each of the other silos, or of its own inner parts: a silo has a new name at each start, so these would grow for ever.</summary>
    private static readonly string[] PerSilo = ["pings", "messages-size", "directory", "ring"];

    private static readonly double[] RunSeconds = [0.1, 1, 10, 30, 60, 300, 900, 3600, 14_400];

    private static readonly double[] Writes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

    private readonly MeterProvider provider;
    private readonly Scraped scraped = new();

    public Telemetry(string instance)
    {
        var version = typeof(Telemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService("sophia", serviceVersion: version, serviceInstanceId: instance))
            .AddMeter([.. Meters, ProcessMeter.Instance.Name])
            .AddView(ViewOf)
            .AddReader(new BaseExportingMetricReader(scraped) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative });
        if (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 })
            builder.AddOtlpExporter();
        provider = builder.Build();
    }

    /// <summary>Everything measured until now.</summary>
    /// <param name="openMetrics">In the OpenMetrics format instead of Prometheus' own.</param>
    public PrometheusText Read(bool openMetrics) => scraped.Read(openMetrics);

    public void Dispose() => provider.Dispose();

    private static MetricStreamConfiguration? ViewOf(Instrument instrument)
    {
        var kind = instrument.GetType().Name;
        return instrument.Name switch
        {
            _ when Dropped.Contains(instrument.Name) || (instrument.Meter.Name == "Microsoft.Orleans" && PerSilo.Any(part => instrument.Name.Contains(part, StringComparison.Ordinal))) => MetricStreamConfiguration.Drop,
            "sophia.run.duration" => new ExplicitBucketHistogramConfiguration { Boundaries = RunSeconds, CardinalityLimit = MostSeries },
            "sophia.commit.writes" => new ExplicitBucketHistogramConfiguration { Boundaries = Writes, CardinalityLimit = MostSeries },
            _ when instrument.Unit == "s" && kind.StartsWith("Histogram", StringComparison.Ordinal) => new ExplicitBucketHistogramConfiguration { Boundaries = Seconds, CardinalityLimit = MostSeries },
            _ => new MetricStreamConfiguration { CardinalityLimit = MostSeries },
        };
    }

    /// <summary>Collects when it is asked, for one reader at a time.</summary>
    [ExportModes(ExportModes.Pull)]
    private sealed class Scraped : BaseExporter<Metric>, IPullMetricExporter
    {
        private readonly Lock reading = new();
        private PrometheusText? text;

        public Func<int, bool>? Collect { get; set; }

        public PrometheusText Read(bool openMetrics)
        {
            lock (reading)
            {
                text = new PrometheusText(openMetrics);
                Collect?.Invoke(Timeout.Infinite); // None where OTEL_SDK_DISABLED is set.
                return text;
            }
        }

        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (var metric in batch)
                text?.Add(metric);
            return ExportResult.Success;
        }
    }
}
