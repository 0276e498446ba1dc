using Orleans;
using Orleans.Runtime;

namespace Sophia.Bench;

public interface IPingGrain : IGrainWithStringKey
{
    Task<int> Ping(int number);

    Task<int> Relay(string other, int calls);

    /// <summary>The silo that it lives on.</summary>
    Task<string> Where();
}

public sealed class PingGrain(ILocalSiloDetails silo) : Grain, IPingGrain
{
    public Task<int> Ping(int number) => Task.FromResult(number);

    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToString());

    public async Task<int> Relay(string other, int calls)
    {
        var target = GrainFactory.GetGrain<IPingGrain>(other);
        for (var i = 0; i < calls; i++)
            await target.Ping(i);
        return calls;
    }
}
