using System.Reflection;
using System.Text;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using Sophia.Tenants;

namespace Sophia.House;

/// <summary>Reads what crosses a grain boundary by reflection, because Orleans' analyzers are absent from the embedded build.</summary>
public class ContractTests
{
    private static readonly Assembly Contracts = typeof(TenantId).Assembly;

    private static readonly Assembly GrainClasses = Assembly.Load("Sophia.Grains");

    private static IEnumerable<Type> Interfaces => Contracts.GetTypes().Where(t => t.IsInterface && typeof(IAddressable).IsAssignableFrom(t));

    private static IEnumerable<Type> Messages => Contracts.GetTypes().Where(t => t.IsDefined(typeof(GenerateSerializerAttribute), false));

    [Fact]
    public void Every_grain_interface_and_method_has_an_alias_of_its_own()
    {
        var missing = Interfaces.Where(t => t.GetCustomAttribute<AliasAttribute>() is null).Select(t => t.Name)
            .Concat(from t in Interfaces from m in t.GetMethods() where m.GetCustomAttribute<AliasAttribute>() is null select $"{t.Name}.{m.Name}");
        Assert.Empty(missing);
        Assert.All(Interfaces, t => Assert.Equal(t.GetMethods().Length, t.GetMethods().Select(AliasOf).Distinct().Count()));
        var aliases = Interfaces.Concat(Messages).Select(t => t.GetCustomAttribute<AliasAttribute>()!.Alias).ToList();
        Assert.Equal(aliases.Count, aliases.Distinct().Count());
    }

    [Fact]
    public void Grain_methods_return_tasks_or_streams_and_take_cancellation_last()
    {
        foreach (var method in Interfaces.SelectMany(t => t.GetMethods()))
        {
            var name = $"{method.DeclaringType!.Name}.{method.Name}";
            var returned = method.ReturnType.IsGenericType ? method.ReturnType.GetGenericTypeDefinition() : method.ReturnType;
            Assert.True(returned == typeof(Task) || returned == typeof(Task<>) || returned == typeof(ValueTask) || returned == typeof(ValueTask<>) || returned == typeof(IAsyncEnumerable<>), name);
            Assert.DoesNotContain(method.GetParameters().SkipLast(1), p => p.ParameterType == typeof(CancellationToken));
        }
    }

    /// <summary>Such a word on an interface travels with each call: the caller's program would say how a grain of another program runs (docs/adr/0017).</summary>
    [Fact]
    public void Whether_calls_interleave_is_said_by_the_grain_s_class_and_never_by_its_interface() => Assert.Empty(
        from method in Interfaces.SelectMany(type => type.GetMethods())
        where method.IsDefined(typeof(AlwaysInterleaveAttribute)) || method.IsDefined(typeof(ReadOnlyAttribute))
        select $"{method.DeclaringType!.Name}.{method.Name}");

    [Fact]
    public void What_crosses_a_boundary_is_closed_immutable_and_numbered()
    {
        foreach (var type in Messages)
        {
            Assert.True(type.IsDefined(typeof(AliasAttribute)), $"{type.Name} has no [Alias]");
            Assert.True(type.IsDefined(typeof(ImmutableAttribute)) || typeof(Exception).IsAssignableFrom(type), $"{type.Name} is not [Immutable]");
            var stored = StoredMembers(type).ToList();
            Assert.All(stored, p => Assert.True(p.GetCustomAttribute<IdAttribute>() is not null, $"{type.Name}.{p.Name} has no [Id]"));
            Assert.Equal(stored.Count, stored.Select(p => p.GetCustomAttribute<IdAttribute>()!.Id).Distinct().Count());
            Assert.All(stored, p => Assert.True(p.PropertyType != typeof(object) && p.PropertyType.Name != "JsonElement", $"{type.Name}.{p.Name} is an open type"));
        }
    }

    [Fact]
    public void Every_type_in_a_grain_method_is_a_message_or_a_plain_value()
    {
        var seen = new HashSet<Type>();
        foreach (var type in Interfaces.SelectMany(t => t.GetMethods()).SelectMany(m => m.GetParameters().Select(p => p.ParameterType).Append(m.ReturnType)))
            Walk(type, seen);
        var strangers = seen.Where(t => t.Assembly == Contracts && !t.IsEnum && !typeof(IAddressable).IsAssignableFrom(t) && !t.IsDefined(typeof(GenerateSerializerAttribute)));
        Assert.Empty(strangers);
    }

    [Fact]
    public void What_a_grain_keeps_is_made_without_arguments_and_its_members_are_numbered()
    {
        Assert.All(States, state => Assert.True(state.Type.GetConstructor(Type.EmptyTypes) is not null, $"{state.Type.Name} has no public constructor without parameters"));
        foreach (var state in States.Select(kept => kept.Type).Union(Kept))
        {
            Assert.True(state.IsDefined(typeof(GenerateSerializerAttribute)) && state.IsDefined(typeof(AliasAttribute)), $"{state.Name} is not serialised by name");
            Assert.All(StoredMembers(state), p => Assert.True(p.GetCustomAttribute<IdAttribute>() is not null, $"{state.Name}.{p.Name} has no [Id]"));
        }
    }

    [Fact]
    public void Nothing_is_numbered_that_the_list_does_not_read()
    {
        var unread = from type in Messages.Concat(Kept)
                     from member in type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                     where member.IsDefined(typeof(IdAttribute)) && !StoredMembers(type).Contains(member)
                     select $"{type.Name}.{member.Name}";
        Assert.Empty(unread);
    }

    /// <summary>The wire is a checked-in file: moving a member breaks the build until docs/contracts.txt says so too.</summary>
    [Fact]
    public void The_contracts_are_those_that_the_list_says()
    {
        var written = Repository.Read("docs/contracts.txt").ReplaceLineEndings("\n").Trim();
        var now = Describe().Trim();
        if (Environment.GetEnvironmentVariable("SOPHIA_WRITE_CONTRACTS") == "1")
            File.WriteAllText(Path.Combine(Repository.Root, "docs/contracts.txt"), now + "\n");
        else
            Assert.True(written == now, "docs/contracts.txt differs from the code. When the change is meant and old readers still work, run the test with SOPHIA_WRITE_CONTRACTS=1 and review the file.\n" + FirstDifference(written, now));
    }

    private static string Describe()
    {
        var text = new StringBuilder();
        foreach (var type in Interfaces.OrderBy(AliasOf, StringComparer.Ordinal))
        {
            text.Append("grain ").AppendLine(AliasOf(type));
            foreach (var method in type.GetMethods().OrderBy(AliasOf, StringComparer.Ordinal))
                text.AppendLine($"  {AliasOf(method)}({string.Join(", ", method.GetParameters().Select(p => Name(p.ParameterType)))}) -> {Name(method.ReturnType)}");
        }
        Describe("message", Messages, text);
        foreach (var type in GrainClasses.GetTypes().Where(IsGrainClass).OrderBy(GrainTypeOf, StringComparer.Ordinal))
            text.AppendLine($"class {GrainTypeOf(type)}: {string.Join(", ", type.GetInterfaces().Where(Interfaces.Contains).Select(AliasOf).Order(StringComparer.Ordinal))}");
        foreach (var (grain, kept, type) in States.OrderBy(state => state.Grain, StringComparer.Ordinal))
            text.AppendLine($"state {grain} {kept.StateName} in {kept.StorageName}: {Name(type)}");
        Describe("kept", Kept, text);
        foreach (var type in Contracts.GetTypes().Where(t => t.IsEnum && t.IsPublic).OrderBy(t => t.FullName, StringComparer.Ordinal))
            text.AppendLine($"enum {type.FullName}: {string.Join(", ", Enum.GetNames(type).Select(n => $"{n}={Convert.ToInt64(Enum.Parse(type, n))}"))}");
        return text.ToString().ReplaceLineEndings("\n");
    }

    private static void Describe(string kind, IEnumerable<Type> types, StringBuilder text)
    {
        foreach (var type in types.OrderBy(AliasOf, StringComparer.Ordinal))
        {
            text.AppendLine($"{kind} {AliasOf(type)}");
            foreach (var member in StoredMembers(type).OrderBy(p => p.GetCustomAttribute<IdAttribute>()!.Id))
                text.AppendLine($"  {member.GetCustomAttribute<IdAttribute>()!.Id} {member.Name}: {Name(member.PropertyType)}");
        }
    }

    private static string FirstDifference(string a, string b)
    {
        var (left, right) = (a.Split('\n'), b.Split('\n'));
        var at = Enumerable.Range(0, Math.Max(left.Length, right.Length)).FirstOrDefault(i => left.ElementAtOrDefault(i) != right.ElementAtOrDefault(i));
        return $"line {at + 1}: list \"{left.ElementAtOrDefault(at)}\", code \"{right.ElementAtOrDefault(at)}\"";
    }

    private static IEnumerable<PropertyInfo> StoredMembers(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(p => p.GetMethod!.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute)) && p.Name != "EqualityContract");

    /// <summary>What grain classes keep is made of these.</summary>
    private static IEnumerable<Type> Kept => GrainClasses.GetTypes().Where(t => t.IsDefined(typeof(GenerateSerializerAttribute), false));

    /// <summary>What grain classes keep in grain storage.</summary>
    private static IEnumerable<(string Grain, PersistentStateAttribute Kept, Type Type)> States =>
        from type in GrainClasses.GetTypes().Where(IsGrainClass)
        from parameter in type.GetConstructors().SelectMany(constructor => constructor.GetParameters())
        let kept = parameter.GetCustomAttribute<PersistentStateAttribute>()
        where kept is not null
        select (GrainTypeOf(type), kept, parameter.ParameterType.GetGenericArguments()[0]);

    private static bool IsGrainClass(Type type) => type is { IsClass: true, IsAbstract: false } && typeof(Grain).IsAssignableFrom(type);

    /// <summary>The name in identities, as both runtimes make it: it is on the wire, in reminders and in the keys of grain storage.</summary>
    private static string GrainTypeOf(Type type) => type.GetCustomAttribute<GrainTypeAttribute>() is not null
        ? throw new InvalidOperationException($"{type.Name} has a [GrainType]; this list must learn to read it.")
        : (type.Name.EndsWith("Grain", StringComparison.Ordinal) ? type.Name[..^"Grain".Length] : type.Name).ToLowerInvariant();

    private static string AliasOf(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>()?.Alias ?? member.Name;

    private static string Name(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.Name;

    private static void Walk(Type type, HashSet<Type> seen)
    {
        if (type.IsArray)
            Walk(type.GetElementType()!, seen);
        foreach (var argument in type.IsGenericType ? type.GetGenericArguments() : [])
            Walk(argument, seen);
        if (type.Assembly == Contracts && seen.Add(type))
            foreach (var member in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
                Walk(member.PropertyType, seen);
    }
}
