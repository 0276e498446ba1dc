using Orleans.Messaging;

namespace Sophia.Cluster;

/// <summary>The silos that a front end calls through, as the database lists them; while it does not answer those that were known last. Says once that it is away and once that it is back.</summary>
internal sealed partial class KnownGateways(IGatewayListProvider inner, ILogger<KnownGateways> logger) : IGatewayListProvider
{
    private IList<Uri>? known;
    private bool isBlind;

    public TimeSpan MaxStaleness => inner.MaxStaleness;

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => inner.InitializeGatewayListProvider();

    public async Task<IList<Uri>> GetGateways()
    {
        try
        {
            known = await inner.GetGateways();
            if (isBlind)
                LogSees(known.Count);
            isBlind = false;
            return known;
        }
        catch (Exception failure) when (known is not null && failure is not OperationCanceledException)
        {
            if (!isBlind)
                LogBlind(known.Count, failure.Message);
            isBlind = true;
            return known;
        }
    }

    [LoggerMessage(6021, LogLevel.Warning, "Which silos there are cannot be read from the database, and is asked for again and again; the {Count} that were known are called meanwhile: {Reason}")]
    private partial void LogBlind(int count, string reason);

    [LoggerMessage(6022, LogLevel.Information, "Which silos there are is known again: {Count}")]
    private partial void LogSees(int count);
}
