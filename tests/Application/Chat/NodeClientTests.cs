namespace Sophia.Chat;

// Goal: the resume promise holds for the public JavaScript client too. Method: @microsoft/signalr in Node, through a relay that is cut.
public sealed class NodeClientTests(ChatFixture fixture) : IClassFixture<ChatFixture>
{
    [NodeFact]
    public async Task The_public_JavaScript_client_is_cut_and_reads_every_number_once()
    {
        const string question = "Who owns Acme? (node)";
        var words = fixture.Model.For(question);
        words.TryWrite("Ann ");
        await using var relay = new CutProxy(fixture.App.Url);
        using var node = new NodeClient(relay.Url, fixture.App.Running.OwnerKey, "node", question);
        Assert.Equal("cut me", await node.Line());
        relay.Cut();
        for (var i = 0; i < 20; i++)
            words.TryWrite($"word{i} ");
        words.TryWrite("end [1].");
        words.TryComplete();
        var result = await node.Result();
        var numbers = result.GetProperty("numbers").EnumerateArray().Select(n => n.GetInt64()).ToList();
        Assert.Equal(Enumerable.Range(1, numbers.Count).Select(n => (long)n), numbers);
        Assert.Equal("done", result.GetProperty("kinds").EnumerateArray().Last().GetString());
        Assert.Equal("Ann " + string.Concat(Enumerable.Range(0, 20).Select(i => $"word{i} ")) + "end [1].", result.GetProperty("text").GetString());
        Assert.True(result.GetProperty("reconnections").GetInt32() >= 1);
    }
}
