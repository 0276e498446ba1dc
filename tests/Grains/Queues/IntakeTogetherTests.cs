using Sophia.Operations;

namespace Sophia.Queues;

// Goal: what waits goes together and every call gets its own answers. Method: a store that answers when the test lets it.
public sealed class IntakeTogetherTests
{
    private readonly List<(int Items, TaskCompletionSource Go)> asked = [];
    private long last;

    private IntakeTogether Intake => field ??= new IntakeTogether(async items =>
    {
        var go = new TaskCompletionSource();
        asked.Add((items.Count, go));
        await go.Task;
        return items.Any(item => item.Kind == "refused") ? throw new RefusedException(RefusalCode.Conflict, "no room") : [.. items.Select(_ => new EnqueueAnswer(EnqueueState.Accepted, ++last, null))];
    });

    [Fact]
    public async Task Calls_that_wait_for_one_go_together_and_each_has_its_answers_in_order()
    {
        Task<IReadOnlyList<EnqueueAnswer>>[] calls = [Intake.Take(Jobs(1)), Intake.Take(Jobs(2)), Intake.Take(Jobs(3)), Intake.Take(Jobs(1))];
        Assert.Equal([1], asked.Select(one => one.Items));
        Go();
        Assert.Equal([1, 6], asked.Select(one => one.Items));
        Go();
        Assert.Equal([[1L], [2, 3], [4, 5, 6], [7]], (await Task.WhenAll(calls)).Select(answers => answers.Select(answer => answer.Id)));
        _ = Intake.Take(Jobs(1));
        Assert.Equal([1, 6, 1], asked.Select(one => one.Items));
    }

    [Fact]
    public async Task One_write_has_at_most_so_many_items_and_characters_unless_one_call_has_more()
    {
        var first = Intake.Take(Jobs(1));
        var many = Intake.Take(Jobs(IntakeTogether.MostItems - 1));
        var calls = new[] { Intake.Take(Jobs(1)), Intake.Take(Jobs(1)), Intake.Take([Job("large") with { Payload = new string('x', IntakeTogether.MostCharacters + 1) }]), Intake.Take(Jobs(1)) };
        for (var i = 0; i < asked.Count; i++)
            Go(i);
        await Task.WhenAll([first, many, .. calls]);
        Assert.Equal([1, IntakeTogether.MostItems, 1, 1, 1], asked.Select(one => one.Items));
    }

    [Fact]
    public async Task Who_is_refused_is_refused_alone()
    {
        Task<IReadOnlyList<EnqueueAnswer>>[] calls = [Intake.Take(Jobs(1)), Intake.Take(Jobs(1)), Intake.Take([Job("refused")]), Intake.Take(Jobs(1))];
        for (var i = 0; i < asked.Count; i++)
            Go(i);
        await Assert.ThrowsAsync<RefusedException>(() => calls[2]);
        Assert.Equal([1L, 2, 3], (await Task.WhenAll(calls[0], calls[1], calls[3])).Select(answers => answers[0].Id));
    }

    [Fact]
    public async Task A_failure_is_told_to_all_and_nothing_is_tried_again()
    {
        Task<IReadOnlyList<EnqueueAnswer>>[] calls = [Intake.Take(Jobs(1)), Intake.Take(Jobs(1)), Intake.Take(Jobs(1))];
        Go();
        asked[1].Go.SetException(new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => calls[1]);
        await Assert.ThrowsAsync<TimeoutException>(() => calls[2]);
        Assert.Equal(2, asked.Count);
        var next = Intake.Take(Jobs(1));
        Go(2);
        Assert.Equal(2, (await next)[0].Id);
    }

    private void Go(int which = -1) => asked[which < 0 ? asked.FindIndex(one => !one.Go.Task.IsCompleted) : which].Go.SetResult();

    private static NewWork[] Jobs(int count) => [.. Enumerable.Range(0, count).Select(_ => Job("job"))];

    private static NewWork Job(string kind) => new("mail", kind, "{}");
}
