namespace Sophia.Chat;

/// <summary>Questions that a software company's handbook does not answer: other fields of life, things that do not exist, and words that mean nothing.</summary>
internal static class UnanswerableQuestions
{
    public static readonly string[] All =
    [
        "What is the boiling point of tungsten hexafluoride?",
        "Who won the football world cup in 1998?",
        "How long does sourdough bread have to rise?",
        "Which composer wrote the opera Turandot?",
        "How many moons does Neptune have?",
        "What is the capital of Burkina Faso?",
        "When did the Roman Empire fall?",
        "How do I prune an apple tree in winter?",
        "What does photosynthesis produce?",
        "Which enzyme breaks down lactose?",
        "Who painted the Girl with a Pearl Earring?",
        "How deep is the Mariana Trench?",
        "What is the melting temperature of chocolate?",
        "How do penguins keep their eggs warm?",
        "Which vitamin prevents scurvy?",
        "When was the printing press invented?",
        "Why is the sky blue at noon and red at sunset?",
        "How far is the nearest star from Earth?",
        "What is the gestation period of an elephant?",
        "Who discovered penicillin?",
        "How do volcanoes erupt?",
        "What is the best bait for carp fishing?",
        "How many strings does a harp have?",
        "Which king built the palace of Versailles?",
        "What is the tax rate for beekeepers in Norway?",
        "How do I knit a cable stitch?",
        "What is the recipe for risotto alla milanese?",
        "Which planet has the strongest magnetic field?",
        "When do swallows migrate to Africa?",
        "What causes tides in the Baltic sea?",
        "What is the flurbnix quotient of a zargle?",
        "How many grombles fit into a snarfwagon?",
        "Who is the high wizard of Eldoria Prime?",
        "asdf qwer zxcv uiop",
        "xylotomous brindlefrap quonk vexillary",
        "When does the quantum marmalade festival begin?",
        "Where can I buy dragon saddle polish?",
        "Which rune unlocks the moonlit gate of Karzoth?",
        "How do I calibrate the warp coils of a starship?",
        "What is the airspeed velocity of an unladen swallow?",
    ];
}
