using Sophia.Cluster;

namespace Sophia.Resilience;

/// <summary>Redis as a dependency: it fails where a call failed or took too long within the last seconds, or where there is no connection.</summary>
internal sealed class RedisHealth(RedisConnection redis) : IHealthSource
{
    public IEnumerable<(HealthSignal Signal, double Value)> Signals => [];

    public IEnumerable<(string Dependency, string Because)> Failing =>
        !redis.IsOn ? [("redis", "Redis failed or was too slow within the last seconds")]
        : redis.Multiplexer is { IsCompleted: true } made && !(made.IsCompletedSuccessfully && made.Result.IsConnected) ? [("redis", "Redis cannot be reached")] : [];
}
