using System.Reflection;
using Sophia.Tenants;

namespace Sophia.Security;

/// <summary>Who asks while the list of tenants is being read must not be told by the list of before.</summary>
public sealed class CallerReplicaTests
{
    private static readonly TenantId Acme = TenantId.Parse("acme");

    [Fact]
    public async Task Whoever_asks_while_the_list_of_tenants_is_read_waits_for_it()
    {
        var listing = new TaskCompletionSource<IReadOnlyList<TenantId>>();
        var callers = new CallerReplica(Answers<IGrainFactory>(_ => Answers<ITenantDirectoryGrain>(_ => listing.Task)), null!, null!, TimeProvider.System);
        var (first, second) = (callers.Exists(Acme), callers.Exists(Acme));
        listing.SetResult([Acme]);
        Assert.True(await first);
        Assert.True(await second);
    }

    [Fact]
    public async Task A_list_that_could_not_be_read_says_nothing_of_anybody()
    {
        var asked = 0;
        var callers = new CallerReplica(Answers<IGrainFactory>(_ => Answers<ITenantDirectoryGrain>(_ => asked++ == 0
            ? Task.FromException<IReadOnlyList<TenantId>>(new TimeoutException()) : Task.FromResult<IReadOnlyList<TenantId>>([Acme]))), null!, null!, TimeProvider.System);
        await Assert.ThrowsAsync<TimeoutException>(() => callers.Exists(Acme));
        Assert.True(await callers.Exists(Acme));
    }

    private static T Answers<T>(Func<MethodInfo, object> answer) where T : class
    {
        var made = DispatchProxy.Create<T, Stand>();
        ((Stand)(object)made).Answer = answer;
        return made;
    }

    public class Stand : DispatchProxy
    {
        public Func<MethodInfo, object> Answer { get; set; } = null!;

        protected override object Invoke(MethodInfo? targetMethod, object?[]? args) => Answer(targetMethod!);
    }
}
