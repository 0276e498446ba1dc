using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sophia.Operations;
using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Pipelines;

/// <summary>A webhook whose secret is not there.</summary>
public sealed class WebhookSecretTests
{
    private const string Definition = "name: crm\nsource: {type: webhook, secret: \"env:CRM_HOOK\", key: id}\n";

    [Fact]
    public async Task A_secret_that_is_not_to_be_had_is_named_to_people_once_and_its_sender_may_try_again()
    {
        var (secrets, log) = (new OneVariable(), new WebhookLines());
        await using var host = await PipelineHost.Start(services => services.AddSingleton<ISecretResolver>(secrets).AddSingleton<ILoggerProvider>(log));
        await host.As(pipeline => pipeline.Define(Definition, "crm.yaml"));
        Assert.Null(await Trouble(host));
        for (var times = 0; times < 3; times++)
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => host.As(async pipeline => times < 2 ? await pipeline.Proves(Delivery()) : await pipeline.Deliver(Delivery())));
            Assert.Equal(RefusalCode.Unavailable, refused.Code);
            Assert.DoesNotContain("CRM_HOOK", refused.Message);
        }
        Assert.Contains("The secret env:CRM_HOOK is not to be had", await Trouble(host));
        secrets.Value = "s3cret";
        Assert.Null(await Trouble(host));
        Assert.Equal(DeliveryOutcome.Stored, (await host.As(pipeline => pipeline.Deliver(Delivery()))).Outcome);
        Assert.Equal([2106, 2107], log.Events);
        secrets.Value = null;
        await Assert.ThrowsAsync<RefusedException>(() => host.As(pipeline => pipeline.Deliver(Delivery())));
        Assert.Equal([2106, 2107, 2106], log.Events);
        Assert.All(log.Texts, text => Assert.Contains("env:CRM_HOOK", text));
    }

    private static async Task<string?> Trouble(PipelineHost host) => (await host.As(pipeline => pipeline.View()))!.Sources.Single().Trouble;

    private static WebhookDelivery Delivery()
    {
        var body = "{\"id\":\"1\"}"u8.ToArray();
        return new WebhookDelivery(new Dictionary<string, string> { ["x-signature"] = Convert.ToHexStringLower(WebhookSignature.Of(body, null, "s3cret")) }, body);
    }

    private sealed class OneVariable : ISecretResolver
    {
        public string? Value { get; set; }

        public string? Objection(TenantId tenant, SecretReference reference) => null;

        public ValueTask<string?> Resolve(TenantId tenant, SecretReference reference, CancellationToken cancellation) => ValueTask.FromResult(reference is SecretReference.Environment { Name: "CRM_HOOK" } ? Value : null);
    }

    private sealed class WebhookLines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<(int Event, string Text)> all = [];

        public IEnumerable<int> Events => all.Select(line => line.Event);

        public IEnumerable<string> Texts => all.Select(line => line.Text);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id is 2106 or 2107)
                all.Enqueue((eventId.Id, formatter(state, exception)));
        }

        public void Dispose()
        {
        }
    }
}
