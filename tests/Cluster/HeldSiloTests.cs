using Npgsql;
using Sophia.Hosting;

namespace Sophia.Cluster;

/// <summary>A silo that stalls until the others have taken its place, and then goes on.</summary>
[Collection("cluster")]
public sealed class HeldSiloTests : IAsyncLifetime
{
    private const int Silos = 3, Conversations = 12;

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"sophia-held-{Guid.NewGuid():n}");
    private readonly TaskCompletionSource speak = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SlowModel? model;
    private LocalCluster? cluster;

    public async Task InitializeAsync()
    {
        if (ClusterFactAttribute.Missing() is not null)
            return;
        model = await SlowModel.Start(pieces: 1, (_, cancellation) => speak.Task.WaitAsync(cancellation));
        cluster = await LocalCluster.Up(folder, Silos, gpus: 0, "http://127.0.0.1:0", default);
    }

    public async Task DisposeAsync()
    {
        if (cluster is null)
            return;
        await cluster.Down(default);
        await model!.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Goal: two activations of one conversation for sure, of which the older one tries to commit and is refused. Method: answers are under way
    /// when a silo is stopped; the others take over; then it goes on, cannot read the membership, so that it does not know, and its model speaks.</summary>
    [ClusterFact]
    public async Task What_a_silo_goes_on_with_that_others_took_over_is_refused_and_every_answer_ends_once()
    {
        await using var load = await ClusterLoad.On(cluster!, "held", 1);
        load.Begin();
        await load.Acknowledges(5);
        await load.End();
        var answers = new SlowAnswers(load.Http, "held", Conversations, "delivery");
        await answers.Ask();
        await Eventually.Comes(() => model!.Asked >= Conversations, "every answer is under way");
        var held = cluster!.File.Silos[1].Process;
        held.Signal("STOP");
        await answers.Wake();
        await Eventually.Comes(() => model!.Asked > Conversations, "answers of the held silo are made anew elsewhere");
        await answers.Wake();
        Assert.Empty(Refusals());
        await using (var unread = await MembershipUnread())
        {
            speak.SetResult();
            held.Signal("CONT");
            await Eventually.Comes(() => Refusals().Count > 0, "the held silo tries to commit and is refused");
        }
        var (finished, told, wrong) = await answers.Ends();
        Assert.Equal((Conversations, 0), (finished, told));
        Assert.Empty(wrong);
    }

    // StaleWrites says it, as event 2310. Grains beside the conversations may be refused too.
    private IReadOnlyList<string> Refusals() =>
        [.. File.ReadLines(cluster!.LogOf("silo-2")).Where(line => line.Contains(" refused: its epoch ", StringComparison.Ordinal) && line.Contains("/chat/held-slow-", StringComparison.Ordinal))];

    /// <summary>Nobody reads the membership until this is disposed of.</summary>
    private async Task<NpgsqlConnection> MembershipUnread()
    {
        var connection = new NpgsqlConnection(LocalServers.OwnerConnection(cluster!.File) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE orleans.members IN ACCESS EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
