using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Sophia.Tenants;

namespace Sophia.Log;

/// <summary>Says when a write was refused because its writer is no longer the one: an activation that goes on after another took its place.</summary>
/// <remarks>Never a loss: the refusal is the guard at work. Many of them say that silos are declared dead that only stall.</remarks>
internal sealed partial class StaleWrites(ILogger<StaleWrites> logger)
{
    /// <summary>Passes an append's outcome on.</summary>
    public AppendOutcome Noted(TenantId tenant, Fence fence, AppendOutcome outcome)
    {
        if (outcome is AppendOutcome.Fenced newer)
            LogStaleEpoch(tenant.Value, fence.Owner, fence.Epoch, newer.CurrentEpoch);
        return outcome;
    }

    public void State(GrainId grain, string name) => LogStaleState(name, grain);

    [LoggerMessage(2310, LogLevel.Warning, "Append of {Tenant}/{Owner} refused: its epoch {Epoch} is stale, the newest is {Current}")]
    private partial void LogStaleEpoch(string tenant, string owner, long epoch, long current);

    [LoggerMessage(2311, LogLevel.Warning, "State \"{Name}\" of {Grain} refused: it was written since it was read")]
    private partial void LogStaleState(string name, GrainId grain);
}
