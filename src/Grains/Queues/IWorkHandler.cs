using Sophia.Tenants;

namespace Sophia.Queues;

/// <summary>Does work of one kind, of any tenant; registered as a service, one for each kind. Work may be handed out more than once: an effect in the log carries <see cref="Work.OnceKey"/>, any other one must bear it.</summary>
public interface IWorkHandler
{
    /// <summary>As <see cref="NewWork.Kind"/>.</summary>
    string Kind { get; }

    /// <summary>How long an attempt may take; null: as <see cref="QueueOptions.AttemptFor"/> says.</summary>
    TimeSpan? AttemptFor => null;

    /// <summary>Does it, acting for the tenant. An exception is a failure that another attempt may mend.</summary>
    /// <param name="cancellation">Cancelled when the lease was lost, the attempt takes too long, or the process ends. Work that does not heed it keeps its place here, and is handed out again when its lease has ended.</param>
    Task<WorkVerdict> Do(TenantId tenant, Work work, CancellationToken cancellation);
}

/// <summary>How an attempt ended.</summary>
public abstract record WorkVerdict
{
    private WorkVerdict() { }

    public static readonly WorkVerdict Done = new Finished();

    internal sealed record Finished : WorkVerdict;

    /// <summary>As <see cref="WorkEnd.Continued"/>: its handler remembers how far it is.</summary>
    public static readonly WorkVerdict Continued = new PartDone();

    internal sealed record PartDone : WorkVerdict;

    /// <summary>Another attempt may help.</summary>
    public sealed record Failed(string Error) : WorkVerdict;

    /// <summary>No other attempt can help, as long as nobody changes something.</summary>
    public sealed record Rejected(string Error) : WorkVerdict;
}

/// <summary>Gives work to a tenant's own queue. What other capabilities use.</summary>
public interface IWorkIntake
{
    /// <exception cref="Operations.RefusedException">Busy: the queue is full.</exception>
    Task<long> Take(TenantId tenant, NewWork work, CancellationToken cancellation);
}
