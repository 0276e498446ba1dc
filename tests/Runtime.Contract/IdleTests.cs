using Microsoft.Extensions.DependencyInjection;

namespace Sophia.Runtime.Contract;

public interface IStayingGrain : IGrainWithStringKey
{
    Task<int> Stay(TimeSpan time);
}

/// <summary>As short-lived as <see cref="ShortLivedGrain"/> unless it asks to stay.</summary>
public sealed class StayingGrain(Journal journal) : Grain, IStayingGrain
{
    private int _calls;

    public Task<int> Stay(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.FromResult(++_calls);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        journal.Write(this.GetPrimaryKeyString(), $"{reason.ReasonCode}");
        return Task.CompletedTask;
    }
}

/// <summary>How a grain puts off its collection.</summary>
[Collection(Contract.Name)]
public sealed class IdleTests(RuntimeFixture runtime)
{
    private Journal Journal => runtime.Services.GetRequiredService<Journal>();

    [Fact]
    public async Task A_grain_that_delays_its_deactivation_outlives_others_that_are_as_idle_until_it_takes_that_back()
    {
        var grain = runtime.Grains.GetGrain<IStayingGrain>("stays");
        Assert.Equal(1, await grain.Stay(TimeSpan.FromHours(1)));
        for (var round = 0; round < 2; round++)
        {
            var other = Guid.NewGuid();
            await runtime.Grains.GetGrain<IShortLivedGrain>(other).Key();
            await Journal.Until($"{other}", lines => lines.Count > 0);
        }
        Assert.Empty(Journal.Read("stays"));
        Assert.Equal(2, await grain.Stay(TimeSpan.Zero));
        Assert.Equal(["ActivationIdle"], await Journal.Until("stays", lines => lines.Count > 0));
    }
}
