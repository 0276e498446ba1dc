using Orleans;

namespace Sophia.Bench;

public interface IPingGrain : IGrainWithStringKey
{
    Task<int> Ping(int number);

    Task<int> Relay(string other, int calls);
}

public sealed class PingGrain : Grain, IPingGrain
{
    public Task<int> Ping(int number) => Task.FromResult(number);

    public async Task<int> Relay(string other, int calls)
    {
        var target = GrainFactory.GetGrain<IPingGrain>(other);
        for (var i = 0; i < calls; i++)
            await target.Ping(i);
        return calls;
    }
}
