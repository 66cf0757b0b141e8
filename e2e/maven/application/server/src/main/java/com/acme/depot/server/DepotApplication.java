package com.acme.depot.server;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication(scanBasePackages = "com.acme.depot")
public class DepotApplication {
    public static void main(String[] arguments) {
        SpringApplication.run(DepotApplication.class, arguments);
    }
}
