using System.Net;
using System.Net.Http.Json;
using Orleans.Hosting;
using Microsoft.Extensions.Hosting;
using Sophia.Hosting;
using Sophia.Log;

namespace Sophia.Operations;

/// <summary>What callers hear when the store fails: what to do, not where it broke.</summary>
public sealed class StorageFaultTests : IAsyncLifetime
{
    private readonly SophiaApp app = new();
    private Exception? fault;

    public Task InitializeAsync()
    {
        app.Adapt = builder => builder.Host.UseOrleans(silo => silo.AddIncomingGrainCallFilter(context =>
            fault is { } failing && (context.InterfaceMethod?.DeclaringType == typeof(IRecordsGrain) || context.InterfaceMethod?.Name == nameof(Tenants.ITenantGrain.IssueKey)) ? Task.FromException(failing) : context.Invoke()));
        return app.InitializeAsync();
    }

    public Task DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task Each_fault_has_its_status_and_nothing_leaks()
    {
        (Exception Fault, int Status, string Code)[] table =
        [
            (new StorageException(StorageFault.Full, "secret path"), 507, "storage-full"),
            (new Orleans.Runtime.OrleansException("secret path", new StorageException(StorageFault.Full, "secret path")), 507, "storage-full"),
            (new StorageException(StorageFault.Corrupt, "secret path"), 503, "unavailable"),
            (new StorageException(StorageFault.Locked, "secret path"), 503, "unavailable"),
            (new StorageException(StorageFault.Unreachable, "secret path"), 503, "unavailable"),
            (new TimeoutException("secret path"), 503, "timeout"),
            (new Orleans.Runtime.SiloUnavailableException("secret path"), 503, "unavailable"),
            (new RefusedException(RefusalCode.Busy, "Wait.", ["one"], DateTimeOffset.UtcNow.AddSeconds(30)), 429, "busy"),
            (new RefusedException(RefusalCode.TooLarge, "Less."), 413, "too-large"),
            (new InvalidOperationException("secret path"), 500, "internal"),
        ];
        foreach (var (failing, status, code) in table)
        {
            fault = failing;
            using var answer = await app.Owner.GetAsync("/api/streams");
            var problem = await answer.Problem(status, code);
            Assert.DoesNotContain("secret path", problem.ToString());
            Assert.DoesNotContain("took effect", problem.ToString()); // It only read.
            Assert.Equal(status is 429 || code == "timeout" || failing is Orleans.Runtime.SiloUnavailableException, answer.Headers.RetryAfter is not null);
        }
        foreach (var failing in (Exception[])[new StorageException(StorageFault.Unreachable, ""), new TimeoutException(), new Orleans.Runtime.SiloUnavailableException()])
        {
            fault = failing;
            var said = await (await app.Owner.PostAsJsonAsync("/api/keys", new { label = "new", role = "viewer" })).Problem(503, failing is TimeoutException ? "timeout" : "unavailable");
            Assert.Contains(UnknownOutcome.Words, said.GetProperty("detail").GetString());
        }
        fault = null;
        Assert.Equal(HttpStatusCode.OK, (await app.Owner.GetAsync("/api/streams")).StatusCode);
    }
}
