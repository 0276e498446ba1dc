using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Sophia.Resilience;

namespace Sophia.Pipelines;

/// <summary>Reads whatever a connector of the Airbyte protocol reads; the one partition is the reading of a run, its id "read".</summary>
/// <remarks>A partition's fingerprint is the run: each run reads again, from the states that the one before committed; a run that was interrupted goes on.</remarks>
internal sealed class AirbyteSourceKind(IOptions<AirbyteOptions> options, ISecretResolver secrets, IConnectorMemory memory, TimeProvider time) : ISourceKind
{
    public const string Partition = "read";

    private readonly ConcurrentDictionary<string, SemaphoreSlim> places = new(StringComparer.Ordinal);

    public string Type => "airbyte";

    public bool StateOutlivesRuns => true;

    /// <summary>By the connector, as the definition calls it: what its service is, only the connector knows.</summary>
    public string? Dependency(SourceContext source) => PolicyNames.Source + (source.Definition["name"] ?? Type).ToLowerInvariant();

    public string? Objection(SourceContext source)
    {
        if (!options.Value.TrustedTenants.Contains(source.Tenant))
            return "a connector is a program that runs as Sophia's own user, and this tenant may not run any; whoever runs Sophia can";
        foreach (var reference in ConnectorConfig.References(AirbyteSettings.Parse(source.Definition).ConfigJson))
            if (SecretReference.Parse(reference) is { } parsed && secrets.Objection(Tenants.TenantId.Parse(source.Tenant), parsed) is { } objection)
                return $"config: {objection}";
        return null;
    }

    public async IAsyncEnumerable<SourcePartition> Partitions(SourceContext source, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        Refuse(source);
        yield return new SourcePartition(Partition, source.Run, 0, Essential: true);
    }

    public async Task<ISourceReader> Open(SourceContext source, SourcePartition partition, string? state, CancellationToken cancellation)
    {
        Refuse(source);
        var settings = AirbyteSettings.Parse(source.Definition);
        var before = BeforeOf(state, source, settings);
        var blanks = new SecretBlanks();
        var voice = new ConnectorVoice(settings.Name, blanks, new ConnectorLines(time));
        var stated = await ConnectorConfig.Resolve(settings, source.Tenant, secrets, blanks, cancellation);
        var config = stated.OrKept(await memory.Recall(source.Tenant, source.Pipeline, settings.Name), blanks);
        return new AirbyteReader(settings, options.Value, source, state ?? "", voice, time,
            stop => Start(new AirbyteSession(settings, options.Value, blanks, voice, time), settings, source, before, config, blanks, stop),
            changed => memory.Keep(source.Tenant, source.Pipeline, settings.Name, (config with { Json = changed }).Kept()));
    }

    private async Task<AirbyteReader.Opened> Start(AirbyteSession session, AirbyteSettings settings, SourceContext source, AirbyteState before, ConnectorConfig config, SecretBlanks blanks, CancellationToken cancellation)
    {
        var place = await Place(source.Tenant, cancellation);
        try
        {
            var version = await session.Version(cancellation);
            var spec = await session.Spec(cancellation);
            config.BlankDeclared(spec, blanks);
            session.Voice.Say(ConnectorLineLevel.Information, $"Connector: {version}{(ConnectorVoice.TextOf(spec, "protocol_version") is { } protocol ? $"; protocol {protocol}" : "")}");
            var catalog = AirbyteCatalog.Of(await session.Discover(config, cancellation), settings, source.Pipeline);
            cancellation.ThrowIfCancellationRequested();
            var progress = new AirbyteProgress(before, source.Run, source.FullRefresh, catalog);
            var process = session.Read(config, catalog.ToJson(), progress.Given());
            return new AirbyteReader.Opened(process, new BoundedLines(process.Output, settings.MaxLineBytes), catalog, progress,
                new AirbyteReading(settings, options.Value, source, catalog, progress, session.Voice, blanks), place);
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    private static AirbyteState BeforeOf(string? state, SourceContext source, AirbyteSettings settings)
    {
        try
        {
            return AirbyteState.Parse(state, settings.Name);
        }
        catch (SourceException) when (source.FullRefresh)
        {
            return AirbyteState.Parse(null, settings.Name);
        }
    }

    private void Refuse(SourceContext source)
    {
        if (Objection(source) is { } objection)
            throw new SourceException($"{source.Definition["name"] ?? Type}: {objection}.", transient: false);
    }

    private async Task<IDisposable> Place(string tenant, CancellationToken cancellation)
    {
        var places = this.places.GetOrAdd(tenant, _ => new SemaphoreSlim(options.Value.MaxPerTenant));
        await places.WaitAsync(cancellation);
        return new HeldPlace(places);
    }

    private sealed class HeldPlace(SemaphoreSlim places) : IDisposable
    {
        private int given;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref given, 1) == 0)
                places.Release();
        }
    }
}
