using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Orleans.Storage;
using Sophia.Operations;
using Sophia.Pipelines;
using Sophia.Tenants;

namespace Sophia.Security;

/// <summary>The count of wrong sign-ins in a silo, and what becomes of it when its store forgets or fails.</summary>
public sealed class SignInThrottleGrainTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly SignInThrottleOptions Strict = new() { FreeOfAddress = 3, FirstWait = TimeSpan.FromMinutes(1) };
    private static readonly string Key = ThrottleKey.Of(IPAddress.Parse("192.0.2.7"));

    [Fact]
    public async Task A_count_outlives_a_restart_of_its_silo()
    {
        await using var host = await PipelineHost.Start(services => services.AddSignInThrottle(Strict));
        Assert.Null((await Wrong(host)).RefusedUntil);
        Assert.Null((await Wrong(host)).RefusedUntil);
        var refused = (await Wrong(host)).RefusedUntil;
        Assert.NotNull(refused);
        await host.Down();
        await host.Up();
        Assert.Equal(refused, (await View(host)).RefusedUntil);
    }

    [Fact]
    public async Task A_count_goes_on_in_memory_while_its_store_fails_and_begins_near_the_waiting_where_it_was_lost()
    {
        var store = new FailingStore();
        await using var host = await PipelineHost.Start(services => services.AddSignInThrottle(Strict).AddGrainStorage(Stores.Fast, (_, _) => store));
        store.Fails = true;
        await Wrong(host);
        await Wrong(host);
        Assert.NotNull((await Wrong(host)).RefusedUntil);
        await host.Down();
        store.Loses = true;
        await host.Up();
        Assert.Null((await View(host)).RefusedUntil);
        Assert.NotNull((await Wrong(host)).RefusedUntil);
    }

    [Fact]
    public async Task Where_nothing_is_left_to_remember_nothing_is_kept()
    {
        var store = new FailingStore();
        var quick = Strict with { FreeOfAddress = 1_000, ForgetOneEvery = TimeSpan.FromMilliseconds(20) };
        await using var host = await PipelineHost.Start(services => services.AddSignInThrottle(quick).AddGrainStorage(Stores.Fast, (_, _) => store));
        await Wrong(host);
        await store.Cleared.Task.WaitAsync(Patience);
        Assert.Equal(1, store.Writes);
    }

    private static async Task<ThrottleView> Wrong(PipelineHost host)
    {
        using var _ = CallerContext.ForSystem("test");
        return await host.Grains.GetGrain<ISignInThrottleGrain>(Key).Wrong();
    }

    private static async Task<ThrottleView> View(PipelineHost host)
    {
        using var _ = CallerContext.ForSystem("test");
        return await host.Grains.GetGrain<ISignInThrottleGrain>(Key).View();
    }

    private sealed class FailingStore : IGrainStorage
    {
        public bool Fails { get; set; }

        public bool Loses { get; set; }

        public int Writes { get; private set; }

        public TaskCompletionSource Cleared { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            (grainState.State, grainState.RecordExists, grainState.ETag) = (Activator.CreateInstance<T>(), false, Loses ? Stores.Lost : null);
            return Task.CompletedTask;
        }

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            Writes++;
            return Fails ? Task.FromException(new IOException("The store is away.")) : Task.CompletedTask;
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            Cleared.TrySetResult();
            return Task.CompletedTask;
        }
    }
}
