using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Log;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Deliveries against the embedded store: signatures, duplicates, identities.</summary>
public sealed class WebhookTests
{
    private const string Secret = "It's a Secret to Everybody";

    [Fact]
    public void GitHubs_own_example_fits() => Assert.True(WebhookSignature.Fits("Hello, World!"u8, null, Secret,
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", base64: false));

    [SharedDataFact]
    public async Task Every_public_payload_is_accepted_once_and_refused_with_a_wrong_signature()
    {
        var folder = Path.Combine(SharedData.Root!, "github_webhooks", "payload-examples");
        await using var inbox = new Inbox("name: github\nsource: {type: github-webhook, secret: generated}");
        var files = Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(166, files.Length);
        for (var i = 0; i < files.Length; i++)
        {
            var (body, happened) = (await File.ReadAllBytesAsync(files[i]), Path.GetFileName(Path.GetDirectoryName(files[i])!));
            var delivery = GitHub(body, happened, $"delivery-{i}");
            Assert.Equal(DeliveryOutcome.WrongSignature, (await inbox.Take(GitHub(body, happened, $"delivery-{i}", "another secret"))).Outcome);
            var taken = await inbox.Take(delivery);
            Assert.True(taken.Outcome == DeliveryOutcome.Stored, $"{files[i]}: {taken}");
            Assert.Equal(DeliveryOutcome.Duplicate, (await inbox.Take(delivery)).Outcome);
            Assert.Equal(i + 1, await inbox.Log.Head(PipelineWorld.Tenant, default));
        }
    }

    [Fact]
    public async Task One_changed_byte_of_body_or_signature_is_refused_and_nothing_is_stored()
    {
        await using var inbox = new Inbox("name: github\nsource: {type: github-webhook, secret: generated}");
        var good = GitHub("{\"action\":\"opened\"}"u8.ToArray(), "issues", "1");
        foreach (var bad in new[]
        {
            good with { Body = "{\"action\":\"opened\"} "u8.ToArray() },
            With(good, "x-hub-signature-256", "sha256="),
            With(good, "x-hub-signature-256", good.Headers["x-hub-signature-256"][..^1]),
            With(good, "x-hub-signature-256", good.Headers["x-hub-signature-256"] + "00"),
            With(good, "x-hub-signature-256", good.Headers["x-hub-signature-256"].Replace("sha256=", "sha1=")),
            With(good, "x-hub-signature-256", null),
        })
            Assert.Equal(DeliveryOutcome.WrongSignature, (await inbox.Take(bad)).Outcome);
        Assert.Equal(0, await inbox.Log.Head(PipelineWorld.Tenant, default));
    }

    [Theory]
    [InlineData("issues", """{"action":"edited","issue":{"id":7,"node_id":"I_7"}}""", "github/issues/I_7", RecordOperation.Upsert)]
    [InlineData("issue_comment", """{"action":"deleted","comment":{"id":9}}""", "github/issue_comment/9", RecordOperation.Delete)]
    [InlineData("dependabot_alert", """{"action":"fixed","alert":{"number":3},"repository":{"id":12}}""", "github/dependabot_alert/12#3", RecordOperation.Upsert)]
    [InlineData("star", """{"action":"deleted","repository":{"id":12}}""", "github/star/d-1", RecordOperation.Upsert)]
    [InlineData("push", """{"ref":"refs/heads/main"}""", "github/push/d-1", RecordOperation.Upsert)]
    [InlineData("issues", """{"action":"edited","issue":7}""", "github/issues/d-1", RecordOperation.Upsert)]
    public async Task An_event_becomes_a_version_of_the_thing_that_it_is_about(string happened, string body, string record, RecordOperation operation)
    {
        await using var inbox = new Inbox("name: github\nsource: {type: github-webhook, secret: generated}");
        var result = await inbox.Take(GitHub(Encoding.UTF8.GetBytes(body), happened, "d-1"));
        Assert.Equal((DeliveryOutcome.Stored, record), (result.Outcome, result.RecordId));
        var stream = record[..record.LastIndexOf('/')];
        Assert.Equal(operation, (await inbox.Log.Newest(PipelineWorld.Tenant, stream, record[(stream.Length + 1)..], default))!.Operation);
    }

    [Theory]
    [InlineData("not json", "not JSON")]
    [InlineData("[1]", "not a JSON object")]
    [InlineData("{\"a\":1} {}", "not JSON")]
    public async Task A_signed_body_that_is_no_object_is_invalid(string body, string detail)
    {
        await using var inbox = new Inbox("name: github\nsource: {type: github-webhook, secret: generated}");
        var result = await inbox.Take(GitHub(Encoding.UTF8.GetBytes(body), "issues", "d-1"));
        Assert.Equal(DeliveryOutcome.Invalid, result.Outcome);
        Assert.Contains(detail, result.Detail);
    }

    [Theory]
    [InlineData("{\"issue\":{\"node_id\":\"\\ud800\"}}")]
    [InlineData("{\"issue\":{\"id\":7},\"action\":\"\\udfff\"}")]
    [InlineData("{\"\\ud800\":1}")]
    public async Task A_delivery_with_half_a_character_is_held_back(string text)
    {
        await using var inbox = new Inbox("name: github\nsource: {type: github-webhook, secret: generated}");
        Assert.Equal(DeliveryOutcome.Quarantined, (await inbox.Take(GitHub(Encoding.UTF8.GetBytes(text), "issues", "d-1"))).Outcome);
        await using var shop = new Inbox("name: shop\nsource: {type: webhook, secret: generated, key: issue}");
        var body = Encoding.UTF8.GetBytes(text);
        var delivery = new WebhookDelivery(new Dictionary<string, string> { ["x-signature"] = Convert.ToHexStringLower(WebhookSignature.Of(body, null, Secret)) }, body);
        Assert.Equal(DeliveryOutcome.Quarantined, (await shop.Take(delivery)).Outcome);
        Assert.Equal("encoding", (await shop.Quarantine.List(PipelineWorld.Tenant, new QuarantineQuery(), default)).Items.Single().Reasons.Single().Rule);
    }

    [Fact]
    public async Task A_delivery_that_the_gate_holds_back_is_durable_and_a_duplicate_the_second_time()
    {
        await using var inbox = new Inbox("name: github\nsource: {type: github-webhook, secret: generated}");
        var delivery = GitHub("{\"amount\":-1}"u8.ToArray(), "push", "d-1");
        Assert.Equal(DeliveryOutcome.Quarantined, (await inbox.Take(delivery)).Outcome);
        Assert.Equal(DeliveryOutcome.Duplicate, (await inbox.Take(delivery)).Outcome);
        Assert.Equal(1, (await inbox.Quarantine.List(PipelineWorld.Tenant, new QuarantineQuery(), default)).Held);
    }

    [Fact]
    public async Task A_delivery_of_an_erased_record_is_left_out_and_told_so_whether_faulty_or_not()
    {
        await using var inbox = new Inbox("name: github\nsource: {type: github-webhook, secret: generated}");
        await inbox.Log.Append(PipelineWorld.Tenant, new AppendBatch { Fence = await inbox.Log.Acquire(PipelineWorld.Tenant, "test", default), At = inbox.Time.GetUtcNow(), Erases = [new RecordKey("github/issues", "I_7")], Erasure = "erasure-1" }, default);
        foreach (var (body, id) in new[] { ("""{"action":"edited","issue":{"node_id":"I_7"}}""", "d-1"), ("""{"action":"edited","issue":{"node_id":"I_7"},"amount":-1}""", "d-2") })
            Assert.Equal((DeliveryOutcome.Stored, "Taken; the record was erased and is left out."), await Said(body, id));
        Assert.Equal(DeliveryOutcome.Quarantined, (await Said("""{"action":"edited","issue":{"node_id":"I_8"},"amount":-1}""", "d-3")).Outcome);
        Assert.Null(await inbox.Log.Newest(PipelineWorld.Tenant, "github/issues", "I_7", default));
        Assert.Equal("I_8", (await inbox.Quarantine.List(PipelineWorld.Tenant, new QuarantineQuery(), default)).Items.Single().Key);

        async Task<(DeliveryOutcome Outcome, string Detail)> Said(string body, string id)
        {
            var result = await inbox.Take(GitHub(Encoding.UTF8.GetBytes(body), "issues", id));
            return (result.Outcome, result.Detail);
        }
    }

    [Theory]
    [InlineData(0, DeliveryOutcome.Stored)]
    [InlineData(-299, DeliveryOutcome.Stored)]
    [InlineData(-301, DeliveryOutcome.WrongSignature)]
    [InlineData(301, DeliveryOutcome.WrongSignature)]
    public async Task A_generic_delivery_is_good_for_five_minutes(int seconds, DeliveryOutcome expected)
    {
        await using var inbox = new Inbox("name: shop\nsource: {type: webhook, secret: generated, stream: orders, key: order.id, signatureHeader: X-Sig, timestampHeader: X-Time, encoding: base64}");
        var time = inbox.Time.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var body = """{"order":{"id":"A/7"}}"""u8.ToArray();
        var signature = Convert.ToBase64String(WebhookSignature.Of(body, time, Secret));
        var result = await inbox.Take(new WebhookDelivery(new Dictionary<string, string> { ["x-sig"] = signature, ["x-time"] = time }, body));
        Assert.Equal(expected, result.Outcome);
        Assert.Equal(expected == DeliveryOutcome.Stored ? "orders/A/7" : null, result.RecordId);
    }

    [Fact]
    public async Task A_generic_delivery_without_a_name_is_named_by_its_body()
    {
        await using var inbox = new Inbox("name: shop\nsource: {type: webhook, secret: generated}");
        foreach (var (text, expected) in new[] { ("{\"a\":1}", DeliveryOutcome.Stored), ("{\"a\":2}", DeliveryOutcome.Stored), ("{\"a\":1}", DeliveryOutcome.Duplicate) })
        {
            var body = Encoding.UTF8.GetBytes(text);
            var signature = "sha256=" + Convert.ToHexStringLower(WebhookSignature.Of(body, null, Secret));
            Assert.Equal(expected, (await inbox.Take(new WebhookDelivery(new Dictionary<string, string> { ["x-signature"] = signature }, body))).Outcome);
        }
    }

    private static WebhookDelivery GitHub(byte[] body, string happened, string id, string secret = Secret) => new(new Dictionary<string, string>
    {
        ["content-type"] = "application/json",
        ["x-github-event"] = happened,
        ["x-github-delivery"] = id,
        ["x-hub-signature-256"] = "sha256=" + Convert.ToHexStringLower(WebhookSignature.Of(body, null, secret)),
    }, body);

    private static WebhookDelivery With(WebhookDelivery delivery, string header, string? value)
    {
        var headers = new Dictionary<string, string>(delivery.Headers);
        headers.Remove(header);
        if (value is not null)
            headers[header] = value;
        return delivery with { Headers = headers };
    }

    private sealed class Inbox : IAsyncDisposable
    {
        private readonly string root = Path.Combine(Path.GetTempPath(), "sophia-hooks-" + Path.GetRandomFileName());
        private readonly ServiceProvider services;
        private readonly PipelineDefinition definition;
        private readonly WebhookDesk desk;

        public Inbox(string text)
        {
            services = new ServiceCollection().AddLogging().AddSingleton<IRecordMarks>(new RecordMarks(new Knowledge.PlainBox())).AddSophiaStorage(storage => storage.DataFolder = root).BuildServiceProvider();
            definition = PipelineDefinitionReader.Read(text, "hook.yaml").Definition!;
            desk = new WebhookDesk(PipelineWorld.Tenant, definition.Name, Log, new NoNegativeAmounts(), Time);
        }

        public HurriedTime Time { get; } = new();

        public ILogStore Log => services.GetRequiredService<ILogStore>();

        public IQuarantineStore Quarantine => services.GetRequiredService<IQuarantineStore>();

        public async Task<DeliveryResult> Take(WebhookDelivery delivery) => (await desk.Take(definition, 1, definition.Sources[0], Secret, delivery, default)).Result;

        public async ValueTask DisposeAsync()
        {
            await services.DisposeAsync();
            Directory.Delete(root, recursive: true);
        }
    }
}
