using System.Globalization;
using Sophia.Log;
using Sophia.Operations;
using Sophia.Resilience;
using Weaviate.Client;

namespace Sophia.Knowledge;

/// <summary>The one way to Weaviate: makes the client and the collections when they are first needed, bounds every call in time and number, and turns every failure into a <see cref="StorageException"/>.</summary>
/// <remarks>Nobody waits for Weaviate at start. Until it was reached once the process is not ready; later outages are told to who asks, and to the log's projection, which tries again.</remarks>
internal sealed class WeaviateConnection(WeaviateOptions options, TimeProvider time, IPolicies? policies = null) : IReadyCondition, IAsyncDisposable
{
    private readonly SemaphoreSlim opening = new(1);
    private readonly SemaphoreSlim calls = new(options.MaxCalls);
    private volatile Opened? opened;
    private volatile bool reached;
    private volatile string missing = $"Weaviate at {options.Server} was not reached yet.";

    public WeaviateOptions Options => options;

    public string? NotReadyBecause => reached ? null : missing;

    /// <summary>Names this Weaviate's collections: another name means that what a ledger says is not in them.</summary>
    /// <exception cref="StorageException">Weaviate cannot be reached, or its collections are not Sophia's.</exception>
    public async Task<string> Engine(CancellationToken cancellation) => (await Open(cancellation)).Engine;

    /// <summary>Reads, as the policy of the index has it: repeated and hedged within its budget, and not at all while its breaker is open.</summary>
    public async Task<T> Ask<T>(Func<WeaviateClient, CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        if (policies is null)
            return await Call(work, options.ReadWithin, cancellation);
        try
        {
            return await policies.OfInstallation(PolicyNames.Index).Run(new PolicyCall<T>(token => Call(work, options.ReadWithin, token), Judge, IsIdempotent: true), cancellation);
        }
        catch (PolicyRefusedException refused)
        {
            throw new StorageException(StorageFault.Unreachable, $"Weaviate at {options.Server} is not asked for now: {refused.Message}.");
        }
        catch (AttemptTimeoutException)
        {
            throw new StorageException(StorageFault.Unreachable, $"Weaviate at {options.Server} did not answer in time.");
        }
    }

    public Task<T> Tell<T>(Func<WeaviateClient, CancellationToken, Task<T>> work, CancellationToken cancellation) => Call(work, options.WriteWithin, cancellation);

    /// <summary>How long a client is used at least before a refusal makes Sophia look whether the collections are still those that it knows.</summary>
    public static readonly TimeSpan LooksAgainAfter = TimeSpan.FromSeconds(10);

    public ValueTask DisposeAsync()
    {
        opened?.Client.Dispose();
        opened = null;
        return ValueTask.CompletedTask;
    }

    private static CallFailure Judge(Exception failure) => failure is StorageException { Fault: StorageFault.Unreachable } ? new CallFailure(CallOutcome.Unreachable, MayPass: true) : new CallFailure(CallOutcome.Refused, MayPass: false);

    private async Task<T> Call<T>(Func<WeaviateClient, CancellationToken, Task<T>> work, TimeSpan within, CancellationToken cancellation)
    {
        var open = await Open(cancellation);
        await calls.WaitAsync(cancellation);
        using var patience = new CancellationTokenSource(within, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return await work(open.Client, limit.Token);
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested && failure is not PassageRefusedException)
        {
            var fault = WeaviateFault.Of(limit.IsCancellationRequested ? new TimeoutException() : failure, options.Server);
            // A Weaviate that was emptied or exchanged refuses what it knew before. The client that is left behind may have calls under way.
            if (fault.Fault is StorageFault.Unknown or StorageFault.Corrupt && time.GetElapsedTime(open.At) >= LooksAgainAfter)
                Interlocked.CompareExchange(ref opened, null, open);
            throw fault;
        }
        finally
        {
            calls.Release();
        }
    }

    private async Task<Opened> Open(CancellationToken cancellation)
    {
        if (opened is { } already)
            return already;
        await opening.WaitAsync(cancellation);
        try
        {
            var made = opened ??= await Make(cancellation);
            reached = true;
            return made;
        }
        catch (StorageException failure)
        {
            missing = failure.Message;
            throw;
        }
        finally
        {
            opening.Release();
        }
    }

    private async Task<Opened> Make(CancellationToken cancellation)
    {
        WeaviateClient? client = null;
        try
        {
            // The client asks after the server's health without a limit and on the caller's thread; whoever made it in vain leaves it behind.
            client = await Task.Run(Builder().BuildAsync, cancellation).WaitAsync(options.ReadWithin, cancellation);
            return new Opened(client, time.GetTimestamp(), await new WeaviateSchema(client, options).Ensure(cancellation).WaitAsync(options.WriteWithin, cancellation));
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            client?.Dispose();
            throw WeaviateFault.Of(failure, options.Server);
        }
    }

    private WeaviateClientBuilder Builder() => WeaviateClientBuilder
        .Custom(restEndpoint: options.Url.Host, restPort: Text(options.Url.Port), grpcEndpoint: options.Url.Host, grpcPort: Text(options.GrpcPort), useSsl: options.Url.Scheme == "https",
            credentials: options.Key is { } key ? Auth.ApiKey(key) : null)
        .WithDefaultTimeout(options.WriteWithin)
        .WithInitTimeout(options.ReadWithin)
        // Repetitions of two layers would multiply: reads have their policy, and writes the projection that makes them.
        .WithRetryPolicy(policies is null ? new RetryPolicy { MaxRetries = 2, InitialDelay = TimeSpan.FromMilliseconds(100), MaxDelay = TimeSpan.FromSeconds(1) } : RetryPolicy.None);

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    private sealed record Opened(WeaviateClient Client, long At, string Engine);
}
