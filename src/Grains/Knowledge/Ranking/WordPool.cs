using Microsoft.Extensions.ObjectPool;
using Sophia.Tenants;

namespace Sophia.Knowledge;

/// <summary>What remembers words of the texts it has read, lent to one borrower at a time; it reads texts of all tenants.</summary>
/// <remarks>Whose words they were nobody knows, so all go when anything of a tenant is to be forgotten: they are learnt anew.</remarks>
internal sealed class WordPool<T> : ITenantCopies where T : class, new()
{
    private ObjectPool<T> pool = ObjectPool.Create<T>();

    /// <summary>One to read with, until the loan is disposed.</summary>
    public Loan Lend()
    {
        var from = Volatile.Read(ref pool);
        return new Loan(from, from.Get());
    }

    public bool HoldsRecords => true;

    // What is lent meanwhile goes back into the pool it came from, which nobody lends from any more.
    public void Forget(TenantId tenant) => Volatile.Write(ref pool, ObjectPool.Create<T>());

    internal readonly struct Loan(ObjectPool<T> from, T one) : IDisposable
    {
        public T One => one;

        public void Dispose() => from.Return(one);
    }
}
